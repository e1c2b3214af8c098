package rows_test

import (
	"context"
	"fmt"

	"example.com/overlap"
	"example.com/overlap/guard"
	"example.com/overlap/pool"
	"example.com/overlap/workload/rows"
)

// A hundred sensors are read, eight at a time, over eight connections. An empty source is a
// temporary file.
func ExampleDB_Job() {
	ctx := context.Background()
	db, err := rows.Open(ctx, "", 8)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	if err := db.Fill(ctx, 10_000, 1, nil); err != nil {
		fmt.Println(err)
		return
	}
	summaries, err := overlap.Values(pool.Run(ctx, db.Job(), rows.Sensors(100), 8))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(summaries[42].Count, "readings of sensor", summaries[42].Sensor)
	fmt.Println(rows.Sum(summaries))
	// Output:
	// 100 readings of sensor 42
	// 10000 readings of 100 sensors: 2.02 to 27.15 degrees, mean 15.64
}

// Eight writers are in each other's way. What fails for that is tried again, as a whole.
func ExampleDB_WriteJob() {
	ctx := context.Background()
	db, err := rows.Open(ctx, "", 8)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	job := guard.Retry(db.WriteJob(), guard.RetryPolicy{Tries: 10, Temporary: rows.Temporary})
	for range 2 { // the second time, all of it is there
		receipts, err := overlap.Values(pool.Run(ctx, job, rows.Bookings(200), 8))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(receipts[7].Amount, receipts[7].Again)
	}
	fmt.Println(db.Audit(ctx))
	// Output:
	// 599 false
	// 599 true
	// 200 bookings on 4 accounts, 103177 in total <nil>
}
