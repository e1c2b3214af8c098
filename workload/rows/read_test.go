package rows_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/goroutines"
	"example.com/overlap/pool"
	"example.com/overlap/sequential"
	"example.com/overlap/workload/rows"
)

func TestJobUnderEveryModel(t *testing.T) {
	onBoth(t, func(t *testing.T, source string) {
		d := open(t, source, 4)
		require.NoError(t, d.Fill(t.Context(), 2000, 1, nil))
		keys := rows.Sensors(20)
		want := sequential.Run(t.Context(), d.Job(), keys)
		require.NoError(t, overlap.Errors(want))
		for i, r := range want {
			require.Equal(t, keys[i], r.Value.Sensor)
			require.Equal(t, rows.PerSensor, r.Value.Count)
			require.LessOrEqual(t, r.Value.Min, r.Value.Mean)
			require.LessOrEqual(t, r.Value.Mean, r.Value.Max)
			require.LessOrEqual(t, r.Value.P95, r.Value.Max)
		}
		for _, model := range bench.Models[int, rows.Readings, rows.Summary](bench.Limit{InFlight: 4}) {
			t.Run(model.Name, func(t *testing.T) {
				require.Equal(t, want, model.Run(t.Context(), d.Job(), keys))
				require.Zero(t, d.Stats().InUse)
			})
		}
	})
}

// The readings are taken from the table, and what they come to is found by other code than
// Process's.
func TestSummary(t *testing.T) {
	process := (&rows.DB{}).Job().Process
	var body rows.Readings
	body.Sensor = 3
	for _, celsius := range []float64{4, -1.5, 20, 3} {
		payload, err := json.Marshal(map[string]any{"celsius": celsius, "volts": 3})
		require.NoError(t, err)
		body.All = append(body.All, rows.Reading{At: 1, Payload: payload})
	}
	s, err := process(t.Context(), body)
	require.NoError(t, err)
	same := s
	s.Checksum = 0
	require.Equal(t, rows.Summary{Sensor: 3, Count: 4, Min: -1.5, Max: 20, Mean: 6.375, P95: 20}, s)

	body.All[0], body.All[1] = body.All[1], body.All[0]
	swapped, err := process(t.Context(), body)
	require.NoError(t, err)
	require.NotEqual(t, same.Checksum, swapped.Checksum)

	body.All = nil
	for i := range 100 {
		body.All = append(body.All, rows.Reading{Payload: fmt.Appendf(nil, `{"celsius":%d}`, 100-i)})
	}
	s, err = process(t.Context(), body)
	require.NoError(t, err)
	require.Equal(t, 95.0, s.P95, "of 1 to 100, five are above it")
}

func TestSum(t *testing.T) {
	require.Zero(t, rows.Sum(nil))
	all := []rows.Summary{
		{Count: 1, Min: 5, Max: 5, Mean: 5},
		{Count: 3, Min: -2, Max: 3, Mean: 1},
	}
	require.Equal(t, rows.Overall{Sensors: 2, Readings: 4, Min: -2, Max: 5, Mean: 2}, rows.Sum(all))
	require.Equal(t, "4 readings of 2 sensors: -2.00 to 5.00 degrees, mean 2.00", rows.Sum(all).String())
}

func TestPayloadsThatCannotBeDecoded(t *testing.T) {
	for name, payload := range map[string]string{
		"not JSON":       `celsius 4`,
		"cut off":        `{"celsius":4`,
		"another type":   `{"celsius":"4"}`,
		"no temperature": `{"volts":3}`,
		"nothing":        ``,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := (&rows.DB{}).Job().Process(t.Context(), rows.Readings{Sensor: 3, All: []rows.Reading{{At: 77, Payload: []byte(payload)}}})
			var typed *rows.PayloadError
			require.ErrorAs(t, err, &typed)
			require.EqualValues(t, 77, typed.At)
			require.True(t, strings.HasPrefix(err.Error(), "sensor 3: reading at 77: "), err)
			require.Error(t, typed.Unwrap())
		})
	}
}

func TestASensorThatIsNotThere(t *testing.T) {
	onBoth(t, func(t *testing.T, source string) {
		d := open(t, source, 1)
		require.NoError(t, d.Fill(t.Context(), 300, 1, nil))
		for _, sensor := range []int{-1, 3} {
			_, err := d.Job().Fetch(t.Context(), sensor)
			var typed *rows.NotFoundError
			require.ErrorAs(t, err, &typed)
			require.Equal(t, sensor, typed.Sensor)
			require.EqualError(t, err, fmt.Sprintf("sensor %d: there are no readings", sensor))
			require.False(t, rows.Temporary(err))
		}
	})
}

// asView puts other readings in the place of a sensor's, by SQL of SQLite.
func asView(t *testing.T, query string) *rows.DB {
	d := open(t, "", 1)
	for _, statement := range []string{
		`CREATE TABLE times (at BIGINT PRIMARY KEY) WITHOUT ROWID`,
		`INSERT INTO times VALUES (1), (2), (3)`,
		`DROP TABLE overlap_readings`,
		`CREATE VIEW overlap_readings AS ` + query,
	} {
		_, err := d.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	return d
}

func TestReadingsComeInTheOrderOfTime(t *testing.T) {
	d := asView(t, `SELECT * FROM (SELECT 7 AS sensor, at, 'x' AS payload FROM times ORDER BY at DESC)`)
	body, err := d.Job().Fetch(t.Context(), 7)
	require.NoError(t, err)
	require.Equal(t, []rows.Reading{{At: 1, Payload: []byte("x")}, {At: 2, Payload: []byte("x")}, {At: 3, Payload: []byte("x")}}, body.All)
}

// The rows end in an error, which is not the end of the rows; and the connection comes back.
func TestAQueryThatFailsHalfway(t *testing.T) {
	for name, c := range map[string]struct{ query, says string }{
		"in the database": {`SELECT 7 AS sensor, at, CASE at WHEN 3 THEN abs(-9223372036854775808) ELSE 'x' END AS payload FROM times`, "overflow"},
		"in a value":      {`SELECT 7 AS sensor, CASE at WHEN 2 THEN 'late' ELSE at END AS at, 'x' AS payload FROM times`, "Scan"},
	} {
		t.Run(name, func(t *testing.T) {
			d := asView(t, c.query)
			_, err := d.Job().Fetch(t.Context(), 7)
			require.ErrorContains(t, err, "sensor 7: ")
			require.ErrorContains(t, err, c.says)
			require.Zero(t, d.Stats().InUse)
		})
	}
}

// A job whose turn does not come before its context ends leaves database/sql's queue at once.
func TestAJobThatWaitsForAConnectionIsCancelled(t *testing.T) {
	onBoth(t, func(t *testing.T, source string) {
		d := open(t, source, 1)
		require.NoError(t, d.Fill(t.Context(), 100, 1, nil))
		conn, err := d.Conn(t.Context())
		require.NoError(t, err)
		why := fmt.Errorf("somebody called")
		ctx, cancel := context.WithCancelCause(t.Context())
		var wg sync.WaitGroup
		before := d.Stats().WaitCount
		wg.Go(func() {
			defer cancel(why)
			waitFor(t, func() bool { return d.Stats().WaitCount == before+1 })
		})
		_, err = d.Job().Fetch(ctx, 0)
		wg.Wait()
		require.ErrorIs(t, err, why)
		require.ErrorContains(t, err, "sensor 0: ")
		require.NoError(t, conn.Close())
	})
}

// A query that is running is ended. A table that is locked holds it up for certain.
func TestAQueryThatRunsIsCancelled(t *testing.T) {
	d := open(t, schema(t), 2)
	require.NoError(t, d.Fill(t.Context(), 100, 1, nil))
	tx, err := d.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer tx.Rollback()
	_, err = tx.ExecContext(t.Context(), "LOCK TABLE overlap_readings IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		defer cancel()
		waitFor(t, func() bool { return waiting(t, tx) == 1 })
	})
	_, err = d.Job().Fetch(ctx, 0)
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, rows.Temporary(err))
	wg.Wait()
	require.Zero(t, waiting(t, tx), "at the server, too, it has ended")
	require.NoError(t, tx.Rollback())
	require.NoError(t, d.Job().Do(t.Context(), 0).Err)
}

// What the model lets through beyond the connections waits in database/sql.
func TestTwoLimits(t *testing.T) {
	onBoth(t, func(t *testing.T, source string) {
		const conns, jobs = 2, 20
		d := open(t, source, conns)
		require.NoError(t, d.Fill(t.Context(), 2000, 1, nil))
		before := d.Stats()
		pool.Run(t.Context(), d.Job(), rows.Sensors(jobs), conns)
		require.Equal(t, before.WaitCount, d.Stats().WaitCount, "the pool lets no more through than there are connections")

		release := hold(t, d, conns)
		var results []overlap.Result[rows.Summary]
		var wg sync.WaitGroup
		wg.Go(func() { results = goroutines.Run(t.Context(), d.Job(), rows.Sensors(jobs)) })
		waitFor(t, func() bool { return d.Stats().WaitCount == before.WaitCount+jobs })
		release()
		wg.Wait()
		require.NoError(t, overlap.Errors(results))
		after := d.Stats()
		require.Equal(t, before.WaitCount+jobs, after.WaitCount)
		require.Greater(t, after.WaitDuration, before.WaitDuration)
		require.LessOrEqual(t, after.OpenConnections, conns)
	})
}

// net/http's trap once more: of what comes back, database/sql keeps two unless it is told.
func TestConnectionsAreKept(t *testing.T) {
	onBoth(t, func(t *testing.T, source string) {
		const conns = 6
		d := open(t, source, conns)
		connect(t, d, conns)
		require.Zero(t, d.Stats().MaxIdleClosed)
		require.Equal(t, conns, d.Stats().Idle)
		d.SetMaxIdleConns(2) // database/sql's default
		before := d.Stats().MaxIdleClosed
		connect(t, d, conns)
		require.EqualValues(t, conns-2, d.Stats().MaxIdleClosed-before)
	})
}
