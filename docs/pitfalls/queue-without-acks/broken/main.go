//go:build pitfall

// A queue of 100 invoices to send, and a worker process that is killed at the 11th and started
// again.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

//region worker

// work does the jobs that the server hands to this process.
func work(conn *nats.Conn, mail string) error {
	_, err := conn.QueueSubscribe("invoices", "workers", func(msg *nats.Msg) {
		if err := send(mail, string(msg.Data)); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	})
	return err
}

//endregion

// send sends an invoice: a request to the mail service.
func send(mail, invoice string) error {
	response, err := http.Post(mail+"/"+invoice, "", nil)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

const jobs = 100

func main() {
	if len(os.Args) > 1 { // this process is a worker
		conn, err := nats.Connect(os.Args[1])
		check(err)
		check(work(conn, os.Args[2]))
		check(conn.Flush())
		fmt.Println("ready")
		io.Copy(io.Discard, os.Stdin) // until the other process is gone
		return
	}
	queue, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true})
	check(err)
	queue.Start()
	defer queue.Shutdown()
	conn, err := nats.Connect(queue.ClientURL())
	check(err)
	mail := newMail()

	//region kill
	worker := start(queue.ClientURL(), mail.url)
	for i := range jobs {
		check(conn.Publish("invoices", []byte(strconv.Itoa(i))))
	}
	check(conn.Flush()) // all have arrived at the server
	mail.open()

	<-mail.eleventh // ten are sent, and the worker waits for the answer to the 11th
	check(worker.Process.Kill())
	worker.Wait()
	start(queue.ClientURL(), mail.url)
	//endregion

	// A queue hands on in order: when this one is done, nothing comes after it.
	check(conn.Publish("invoices", []byte("last")))
	<-mail.last

	fmt.Println("invoices to send:", jobs)
	fmt.Println("sent:            ", mail.sent())
	fmt.Println("lost:            ", jobs-mail.sent())
	if mail.sent() < jobs {
		os.Exit(1)
	}
}

// start starts this program once more, as a worker, and waits until it is ready.
func start(queue, mail string) *exec.Cmd {
	self, err := os.Executable()
	check(err)
	worker := exec.Command(self, queue, mail)
	worker.Stderr = os.Stderr
	_, err = worker.StdinPipe()
	check(err)
	out, err := worker.StdoutPipe()
	check(err)
	check(worker.Start())
	_, err = fmt.Fscanln(out, new(string))
	check(err)
	return worker
}

func check(err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(2)
	}
}
