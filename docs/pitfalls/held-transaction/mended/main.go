//go:build pitfall

// A shop with eight clerks and one database. An order is priced at the rate that another
// service tells.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//region order

// order writes an order down, with its price in euros.
func (s *Shop) order(ctx context.Context, clerk int, dollars float64) error {
	rate, err := s.askRate(ctx, clerk)
	if err != nil {
		return err
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	if _, err := tx.ExecContext(ctx, "INSERT INTO orders (clerk, dollars) VALUES (?, ?)", clerk, dollars); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE orders SET euros = dollars * ? WHERE clerk = ?", rate, clerk); err != nil {
		return err
	}
	return tx.Commit()
}

//endregion

// A Shop is the database, and the service that is asked for the rate.
type Shop struct {
	db      *sql.DB
	service string
}

// askRate asks the service for the rate. That is an HTTP request.
func (s *Shop) askRate(ctx context.Context, clerk int) (float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.service+"/rate?clerk="+strconv.Itoa(clerk), nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(string(text), 64)
}

func main() {
	dir, err := os.MkdirTemp("", "shop-")
	check(err)
	defer os.RemoveAll(dir)
	// A clerk who finds the database locked is told at once, and does not wait.
	db, err := sql.Open("sqlite", filepath.Join(dir, "shop.db")+"?_pragma=journal_mode(wal)&_pragma=busy_timeout(0)")
	check(err)
	_, err = db.Exec("CREATE TABLE orders (clerk INTEGER PRIMARY KEY, dollars REAL, euros REAL)")
	check(err)

	//region service
	// The service answers clerk 1 when the other clerks have had their orders, and the others at
	// once.
	asked, others := make(chan struct{}), make(chan struct{})
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("clerk") == "1" {
			close(asked)
			<-others
		}
		fmt.Fprint(w, "0.9")
	}))
	shop := &Shop{db: db, service: service.URL}
	//endregion

	//region clerks
	ctx := context.Background()
	first := make(chan error)
	go func() { first <- shop.order(ctx, 1, 100) }()
	<-asked

	locked := 0
	for clerk := 2; clerk <= 8; clerk++ {
		err := shop.order(ctx, clerk, 100)
		if failed, ok := errors.AsType[*sqlite.Error](err); ok && failed.Code() == sqlite3.SQLITE_BUSY {
			fmt.Printf("clerk %d: %v\n", clerk, err)
			locked++
			continue
		}
		check(err)
	}
	close(others)
	check(<-first)
	//endregion

	var written int
	check(db.QueryRow("SELECT count(*) FROM orders WHERE euros > 0").Scan(&written))
	service.Close()
	check(db.Close())
	fmt.Println("orders of eight clerks:    8")
	fmt.Println("orders in the database:   ", written)
	fmt.Println("found the database locked:", locked)
	if locked > 0 {
		os.RemoveAll(dir)
		os.Exit(1)
	}
}

func check(err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(2)
	}
}
