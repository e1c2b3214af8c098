package rows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"

	"example.com/overlap"
)

// A Reading is a row: when a sensor said it, in seconds since 1970, and what it said, as JSON.
type Reading struct {
	At      int64
	Payload []byte
}

// Readings are all that a sensor has said, in the order of time.
type Readings struct {
	Sensor int
	All    []Reading
}

// A Summary is what Process makes of a sensor's readings: how many they are, and their
// temperatures in degrees Celsius.
type Summary struct {
	Sensor, Count  int
	Min, Max, Mean float64
	P95            float64 // the 95th percentile by nearest rank: no more than 5 % are above it
	Checksum       uint32  // CRC-32 (Castagnoli) of all payloads in order: none is lost, twice or swapped
}

// A NotFoundError is a sensor that has no readings.
type NotFoundError struct{ Sensor int }

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("sensor %d: there are no readings", e.Sensor)
}

// A PayloadError is a reading that cannot be decoded.
type PayloadError struct {
	Sensor int
	At     int64
	Err    error
}

func (e *PayloadError) Error() string {
	return fmt.Sprintf("sensor %d: reading at %d: %v", e.Sensor, e.At, e.Err)
}

func (e *PayloadError) Unwrap() error { return e.Err }

// Job returns the reading job: the key is a sensor. Fetch asks for its readings; Process decodes
// and aggregates them, which takes about 0.1 ms.
//
// A sensor without readings is a *[NotFoundError], a payload that is not what [DB.Fill] writes a
// *[PayloadError]. Other errors wrap the driver's, and the context's cause if that has ended.
// Each names the sensor.
func (d *DB) Job() overlap.Job[int, Readings, Summary] {
	return overlap.Job[int, Readings, Summary]{
		Fetch: func(ctx context.Context, sensor int) (Readings, error) {
			all, err := d.fetch(ctx, sensor)
			switch {
			case err != nil:
				return Readings{}, fmt.Errorf("sensor %d: %w", sensor, ended(ctx, err))
			case len(all) == 0:
				return Readings{}, &NotFoundError{sensor}
			}
			return Readings{sensor, all}, nil
		},
		Process: func(_ context.Context, body Readings) (Summary, error) { return summarise(body) },
	}
}

const selectReadings = `SELECT at, payload FROM overlap_readings WHERE sensor = $1 ORDER BY at`

func (d *DB) fetch(ctx context.Context, sensor int) ([]Reading, error) {
	rows, err := d.readings.QueryContext(ctx, sensor)
	if err != nil {
		return nil, err
	}
	defer rows.Close() // gives the connection back
	all := make([]Reading, 0, PerSensor)
	for rows.Next() {
		var r Reading
		if err := rows.Scan(&r.At, &r.Payload); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err() // Next is false at the end, and when it fails
}

// summarise is Process.
func summarise(body Readings) (Summary, error) {
	castagnoli := crc32.MakeTable(crc32.Castagnoli) // made once, by the package
	s := Summary{Sensor: body.Sensor, Count: len(body.All)}
	celsius := make([]float64, len(body.All))
	sum := 0.0
	for i, reading := range body.All {
		var said struct {
			Celsius *float64 `json:"celsius"`
		}
		err := json.Unmarshal(reading.Payload, &said)
		if err == nil && said.Celsius == nil {
			err = errors.New("celsius is missing")
		}
		if err != nil {
			return Summary{}, &PayloadError{body.Sensor, reading.At, err}
		}
		celsius[i] = *said.Celsius
		sum += celsius[i]
		s.Checksum = crc32.Update(s.Checksum, castagnoli, reading.Payload)
	}
	slices.Sort(celsius)
	s.Min, s.Max, s.Mean = celsius[0], celsius[len(celsius)-1], sum/float64(len(celsius))
	s.P95 = celsius[int(math.Ceil(0.95*float64(len(celsius))))-1]
	return s, nil
}

// Sensors returns n keys for [DB.Job]: the sensors of a database with [DefaultReadings], again
// from the first after the last.
func Sensors(n int) []int {
	keys := make([]int, n)
	for i := range keys {
		keys[i] = i % (DefaultReadings / PerSensor)
	}
	return keys
}

// An Overall is what the summaries of several sensors come to.
type Overall struct {
	Sensors, Readings int
	Min, Max, Mean    float64
}

// Sum gives the Overall of some summaries, in any order; of none it is zero.
func Sum(summaries []Summary) Overall {
	var o Overall
	sum := 0.0
	for i, s := range summaries {
		if i == 0 {
			o.Min, o.Max = s.Min, s.Max
		}
		o.Sensors++
		o.Readings += s.Count
		o.Min, o.Max = min(o.Min, s.Min), max(o.Max, s.Max)
		sum += s.Mean * float64(s.Count)
	}
	if o.Readings > 0 {
		o.Mean = sum / float64(o.Readings)
	}
	return o
}

func (o Overall) String() string {
	return fmt.Sprintf("%d readings of %d sensors: %.2f to %.2f degrees, mean %.2f", o.Readings, o.Sensors, o.Min, o.Max, o.Mean)
}
