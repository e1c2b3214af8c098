package rows

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"example.com/overlap"
)

// DefaultReadings are as many as the benchmarks fill in: a hundred of each of a thousand sensors.
const DefaultReadings = 100_000

// PerSensor is how many readings each sensor has.
const PerSensor = 100

// Fill fills the database with n readings, the same for the same seed everywhere: of the sensors
// 0, 1 and so on, PerSensor of each, the last one's share being what is left. It panics if n is
// below one. A hundred thousand take about a quarter of a second.
//
// Everything happens in one transaction, so whatever interrupts it leaves nothing half. When the
// database has these readings, nothing happens; when it has others, they are replaced. Of
// several that fill at once, one does, and the others find it done.
//
// Progress, if it is not nil, is called with the number of readings so far, sensor by sensor.
func (d *DB) Fill(ctx context.Context, n int, seed uint64, progress func(readings int)) error {
	overlap.MustLimit("n", n)
	err := d.alone(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var readings, seeded int64
		err := tx.QueryRowContext(ctx, `SELECT readings, seed FROM overlap_filled`).Scan(&readings, &seeded)
		switch {
		case err == nil && readings == int64(n) && seeded == int64(seed):
			return nil
		case err != nil && !errors.Is(err, sql.ErrNoRows):
			return err
		}
		for _, statement := range []string{`DELETE FROM overlap_filled`, `DELETE FROM overlap_readings`} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		if err := fill(ctx, tx, n, seed, progress); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO overlap_filled (readings, seed) VALUES ($1, $2)`, int64(n), int64(seed))
		return err
	})
	if err != nil {
		return fmt.Errorf("rows: fill %s: %w", d.dialect.source, err)
	}
	return nil
}

// fill inserts a sensor a statement: a statement a reading would take three times as long, and
// hundreds of readings a statement no less.
func fill(ctx context.Context, tx *sql.Tx, n int, seed uint64, progress func(int)) error {
	insert, err := tx.PrepareContext(ctx, insertReadings(min(n, PerSensor)))
	if err != nil {
		return err
	}
	defer insert.Close()
	for first := 0; first < n; first += PerSensor {
		sensor, count := first/PerSensor, min(PerSensor, n-first)
		var args []any
		for _, r := range generate(seed, sensor, count) {
			args = append(args, sensor, r.At, string(r.Payload))
		}
		if count == min(n, PerSensor) {
			_, err = insert.ExecContext(ctx, args...)
		} else {
			_, err = tx.ExecContext(ctx, insertReadings(count), args...)
		}
		if err != nil {
			return fmt.Errorf("sensor %d: %w", sensor, err)
		}
		if progress != nil {
			progress(first + count)
		}
	}
	return nil
}

// insertReadings is a statement for so many readings.
func insertReadings(count int) string {
	var query strings.Builder
	query.WriteString(`INSERT INTO overlap_readings (sensor, at, payload) VALUES `)
	for i := range count {
		if i > 0 {
			query.WriteString(", ")
		}
		fmt.Fprintf(&query, "($%d, $%d, $%d)", 3*i+1, 3*i+2, 3*i+3)
	}
	return query.String()
}

// generate makes a sensor's readings, one a minute from the begin of 2026: a temperature that
// walks in hundredths of a degree, and a battery that runs down. There is no arithmetic in it
// but that of whole numbers, so it is the same on every processor.
func generate(seed uint64, sensor, count int) []Reading {
	const begin = 1_767_225_600 // 2026-01-01T00:00:00Z
	random := rand.New(rand.NewPCG(seed, uint64(sensor)))
	celsius := 500 + random.IntN(2000)
	readings := make([]Reading, count)
	for i := range readings {
		celsius += random.IntN(61) - 30
		payload := append([]byte(`{"celsius":`), hundredths(celsius)...)
		payload = append(payload, `,"volts":`...)
		payload = append(payload, hundredths(360-i/2)...)
		readings[i] = Reading{At: begin + 60*int64(i), Payload: append(payload, '}')}
	}
	return readings
}

// hundredths writes n hundredths as a number, -1.05 for -105.
func hundredths(n int) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return sign + strconv.Itoa(n/100) + "." + strconv.Itoa(n/10%10) + strconv.Itoa(n%10)
}
