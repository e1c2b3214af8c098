package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Settings say where the queue is. One of URL and Dir must be set.
type Settings struct {
	// URL is a NATS server with JetStream, or several of one cluster with commas between.
	// A user and password, or a token, may stand in it.
	URL string
	// Dir is a directory for a server of the queue's own, made if it is not there. All
	// programs of this machine that open the same directory share one server: whoever comes
	// first runs it in its process, and when that ends, however it ends, another takes over.
	// It listens on loopback only, and asks for a token that only this user can read.
	Dir string
	// Sync makes the server of Dir write everything through to the disk before it is
	// confirmed. Without it what was confirmed survives the death of any process, also of
	// the server, but not that of the machine: the server syncs every two minutes.
	Sync bool

	// Options are those of NATS's own client: nats.UserCredentials, nats.RootCAs,
	// nats.ClientCert, …
	Options []nats.Option
	// Replicas is on how many servers of a cluster everything is kept: 1 if it is 0. It
	// counts when the job's queue is made.
	Replicas int
	// Keep is how long results and dead letters are kept: a week if it is 0. It counts when
	// the job's queue is made.
	Keep time.Duration

	// Log gets what happens beside the jobs: a server that is gone and back, one that is
	// taken over, a dead letter. Nil means nobody.
	Log *slog.Logger
}

const (
	defaultKeep = 7 * 24 * time.Hour
	// window is how many messages wait for their confirmation at once.
	window = 1024
	// ackTimeout is how long one is waited for until it is sent again.
	ackTimeout = 5 * time.Second
	// silence is how long a server that takes connections may leave JetStream unanswered:
	// one that starts reads its files first.
	silence = 20 * time.Second
)

// A Queue is a connection to the server that keeps the jobs. It is safe for use by many
// goroutines. The zero value is of no use: [Open] makes one.
type Queue struct {
	settings Settings
	where    string // for errors: no secrets
	conn     *nats.Conn
	js       jetstream.JetStream
	once     []jetstream.PublishOpt // what is sent, the client does not send again: we do
	host     *host                  // nil with Settings.URL
	log      *slog.Logger
	closed   chan struct{} // when conn is closed, by us or for good
}

// Open connects to the server of the settings, or starts it. The error says what is wrong with
// the settings, that the server cannot be reached, that it refuses the credentials, or that
// it has no JetStream. ctx bounds the opening only.
//
// Afterwards a server that goes away is waited for, and found again when it is back.
func Open(ctx context.Context, s Settings) (_ *Queue, err error) {
	switch {
	case s.URL == "" && s.Dir == "":
		return nil, errors.New("queue: neither URL nor Dir is set: where is the queue?")
	case s.URL != "" && s.Dir != "":
		return nil, errors.New("queue: both URL and Dir are set: a server is either somewhere or here")
	case s.URL != "" && s.Sync:
		return nil, errors.New("queue: Sync is for the server of Dir: that of URL has settings of its own")
	case s.Replicas < 0 || s.Replicas > 5:
		return nil, fmt.Errorf("queue: Replicas is %d, want 1 to 5", s.Replicas)
	case s.Replicas > 1 && s.Dir != "":
		return nil, fmt.Errorf("queue: Replicas is %d: the server of Dir is one", s.Replicas)
	case s.Keep < 0:
		return nil, fmt.Errorf("queue: Keep is %v, want more than 0", s.Keep)
	}
	s.Replicas = max(s.Replicas, 1)
	if s.Keep == 0 {
		s.Keep = defaultKeep
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	q := &Queue{settings: s, where: bare(s.URL), log: s.Log, closed: make(chan struct{}), once: []jetstream.PublishOpt{jetstream.WithRetryAttempts(0)}}
	defer func() {
		if err != nil {
			q.Close()
		}
	}()
	options := []nats.Option{
		nats.Name("overlap " + worker()),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(100 * time.Millisecond),
		nats.ReconnectJitter(100*time.Millisecond, time.Second),
		nats.DisconnectErrHandler(func(conn *nats.Conn, err error) {
			if !conn.IsClosed() { // else it is we who are gone
				q.log.Warn("the server is gone", "queue", q.where, "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { q.log.Info("the server is back", "queue", q.where) }),
		nats.ClosedHandler(func(*nats.Conn) { close(q.closed) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			q.log.Warn("the server says", "queue", q.where, "error", err)
		}),
	}
	address := s.URL
	if s.Dir != "" {
		q.where = s.Dir
		if q.host, err = openHost(ctx, s.Dir, s.Sync, s.Log); err != nil {
			if errors.Is(err, syscall.ENOSPC) {
				err = fullAt(s.Dir)
			}
			return nil, fmt.Errorf("queue %s: %w", s.Dir, err)
		}
		address = "nats://" + local
		options = append(options, nats.SetCustomDialer(q.host), nats.Token(q.host.token))
	}
	if err = q.connect(ctx, address, append(options, s.Options...)); err != nil {
		return nil, fmt.Errorf("queue %s: %w", q.where, err)
	}
	if q.host != nil {
		if err = q.tellFull(); err != nil {
			return nil, fmt.Errorf("queue %s: %w", q.where, err)
		}
	}
	return q, nil
}

func (q *Queue) connect(ctx context.Context, address string, options []nats.Option) (err error) {
	if err = q.dial(ctx, address, options); err != nil {
		return explained(err)
	}
	if q.js, err = jetstream.New(q.conn, jetstream.WithPublishAsyncMaxPending(8*window),
		jetstream.WithPublishAsyncTimeout(ackTimeout)); err != nil {
		return err
	}
	// A server that goes over from one process to another, or starts anew, may lose a question.
	var none error
	err = q.retry(ctx, func(ctx context.Context) error {
		_, err := q.js.AccountInfo(ctx)
		if errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount) {
			none = fmt.Errorf("the server keeps no queues: JetStream is not enabled: %w", err)
			return nil
		}
		return err
	})
	switch {
	case none != nil:
		return none
	case errors.Is(err, ErrFull):
		return fullAt(q.where)
	}
	return explained(err)
}

// dial waits for the server of Dir, which may just be going over from one process to another.
func (q *Queue) dial(ctx context.Context, address string, options []nats.Option) (err error) {
	for end := time.Now().Add(silence); ; {
		q.conn, err = nats.Connect(address, options...)
		_, network := errors.AsType[net.Error](err)
		passing := network || errors.Is(err, io.EOF) || errors.Is(err, nats.ErrNoServers)
		if q.host == nil || !passing || time.Now().After(end) {
			return err
		}
		select {
		case <-time.After(takeover):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// explained says of what a stranger may not know from the client's own words.
func explained(err error) error {
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked):
		return fmt.Errorf("the server refuses the credentials: %w", err)
	case errors.Is(err, nats.ErrTLS) && strings.Contains(err.Error(), "closed by remote"):
		return fmt.Errorf("the server ends the TLS handshake, perhaps for want of a certificate that it knows: %w", err)
	case errors.Is(err, nats.ErrNoServers):
		return fmt.Errorf("no server answers there: %w", err)
	case errors.Is(err, nats.ErrPermissionViolation):
		return fmt.Errorf("the credentials do not allow it: %w", err)
	}
	return err
}

// Close ends the connection, and the server if it runs in this process: another process that has
// its directory open takes over then. Work, Run and Collect must have returned.
func (q *Queue) Close() error {
	if q.conn != nil {
		_ = q.conn.FlushTimeout(time.Second) // the last acks; without them the jobs come once more
		q.conn.Close()
		<-q.closed
	}
	if q.host != nil {
		return q.host.close()
	}
	return nil
}

// largest is how many bytes a key or a result may have: what the server takes, less the room for
// our headers, of which a dead letter's failure is the longest.
func (q *Queue) largest() int { return int(q.conn.MaxPayload()) - 2*longestFailure }

// gone is the reason why the connection has ended for good, as the client gives it.
func (q *Queue) gone() error {
	err := q.conn.LastError()
	if err == nil {
		err = nats.ErrConnectionClosed
	}
	return err
}

// bare is URLs without their secrets.
func bare(urls string) string {
	all := strings.Split(urls, ",")
	for i, text := range all {
		u, err := url.Parse(strings.TrimSpace(text))
		if err != nil {
			all[i] = "(no URL)"
			continue
		}
		u.User = nil
		all[i] = u.String()
	}
	return strings.Join(all, ",")
}

// worker names this process: its machine and its number there.
func worker() string {
	machine, err := os.Hostname()
	if err != nil {
		machine = "localhost"
	}
	return fmt.Sprintf("%s/%d", machine, os.Getpid())
}
