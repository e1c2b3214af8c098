package live

import (
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A Summary is what became of what one client was owed: Messages + Dropped + Lost of them.
type Summary struct {
	Client   int
	Messages int // received
	Dropped  int // by the server, as it says itself
	Lost     int // neither received nor said to be dropped
	Posted   int // lines that the client wrote
	Bytes    int // of the messages

	// Digest is of the messages received, in their order: place, sender and text. Clients that
	// have got the same have the same one, in every process.
	Digest uint64

	Latencies []time.Duration // from the shortest to the longest, see the package's comment
	First     time.Time       // when the room took the first message received
	Last      time.Time       // when the last one had been read
}

// summary decodes what was received. It is an error if that is not what the server has to
// send: messages from the first that is owed on, each once, in order, and an account.
func (r Received) summary() (Summary, error) {
	s := Summary{Client: r.Client, Posted: r.Posted, Latencies: make([]time.Duration, 0, max(0, len(r.Frames)-1))}
	digest := fnv.New64a()
	next := r.First
	var account *bye
	for i, received := range r.Frames {
		f, err := decode(received.Data)
		switch {
		case err != nil:
			return Summary{}, fmt.Errorf("frame %d: %w", i+1, err)
		case account != nil:
			return Summary{}, fmt.Errorf("frame %d: it comes after the bye", i+1)
		case f.Bye != nil:
			account = f.Bye
			continue
		case f.Message == nil:
			return Summary{}, fmt.Errorf("frame %d: it is no message", i+1)
		}
		m := f.Message
		if m.Seq < next || m.Seq-r.First >= int64(r.Owed) {
			return Summary{}, fmt.Errorf("frame %d: message %d, want one from %d to %d", i+1, m.Seq, next, r.First+int64(r.Owed)-1)
		}
		next = m.Seq + 1
		fmt.Fprintf(digest, "%d %d %q\n", m.Seq, m.From, m.Text)
		at := time.Unix(0, m.At)
		if s.Messages == 0 {
			s.First = at
		}
		s.Last = received.At
		s.Messages++
		s.Bytes += len(received.Data)
		s.Latencies = append(s.Latencies, received.At.Sub(at))
	}
	if account == nil {
		return Summary{}, errors.New("the server let go without a bye")
	}
	s.Dropped = int(account.Dropped)
	s.Lost = r.Owed - s.Messages - s.Dropped
	if s.Lost < 0 {
		return Summary{}, fmt.Errorf("%d messages received and %d dropped, of %d", s.Messages, s.Dropped, r.Owed)
	}
	s.Digest = digest.Sum64()
	slices.Sort(s.Latencies)
	return s, nil
}

// A Total is many summaries in one. The zero value is empty and ready. It is for one
// goroutine at a time; those of several are put together by Merge.
type Total struct {
	Clients  int
	Messages int64
	Dropped  int64
	Lost     int64
	Posted   int64
	Bytes    int64
	First    time.Time // when the room took the first message
	Last     time.Time // when the last one had been read

	latencies *hdrhistogram.Histogram
}

// Add adds what one client has got.
func (t *Total) Add(s Summary) {
	t.span(s.First, s.Last)
	t.Clients++
	t.Messages += int64(s.Messages)
	t.Dropped += int64(s.Dropped)
	t.Lost += int64(s.Lost)
	t.Posted += int64(s.Posted)
	t.Bytes += int64(s.Bytes)
	if t.latencies == nil {
		t.latencies = newHistogram()
	}
	for _, latency := range s.Latencies {
		record(t.latencies, latency)
	}
}

// Merge adds another total, exactly: its distribution of latencies, not its percentiles.
func (t *Total) Merge(other *Total) {
	t.span(other.First, other.Last)
	t.Clients += other.Clients
	t.Messages += other.Messages
	t.Dropped += other.Dropped
	t.Lost += other.Lost
	t.Posted += other.Posted
	t.Bytes += other.Bytes
	if other.latencies == nil {
		return
	}
	if t.latencies == nil {
		t.latencies = newHistogram()
	}
	t.latencies.Merge(other.latencies)
}

func (t *Total) span(first, last time.Time) {
	if t.First.IsZero() || !first.IsZero() && first.Before(t.First) {
		t.First = first
	}
	if last.After(t.Last) {
		t.Last = last
	}
}

// Quantile returns the latency that the share q (0 to 1) of the messages did not exceed, from 1
// µs to an hour, to three significant figures: 0.5 is the median, 1 the longest. It is absent
// if there are no messages.
func (t *Total) Quantile(q float64) (latency time.Duration, ok bool) {
	if t.latencies == nil || t.latencies.TotalCount() == 0 {
		return 0, false
	}
	return quantile(t.latencies, min(max(q, 0), 1)), true
}

// PerSecond is how many messages were received a second, over all clients, from the first to
// the last.
func (t *Total) PerSecond() float64 {
	if span := t.Last.Sub(t.First); span > 0 {
		return float64(t.Messages) / span.Seconds()
	}
	return 0
}

// String gives it in one line.
func (t *Total) String() string {
	text := fmt.Sprintf("%d clients received %d messages, %.0f a second; %d dropped, %d lost", t.Clients, t.Messages, t.PerSecond(), t.Dropped, t.Lost)
	p50, ok := t.Quantile(0.5)
	p99, _ := t.Quantile(0.99)
	if ok {
		text += fmt.Sprintf("; half of them within %v, 99 %% within %v", p50, p99)
	}
	return text
}
