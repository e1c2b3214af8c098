package loop

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"

	"example.com/overlap/eventloop"
)

//region StartServer

func serve(conn net.Conn) eventloop.Coroutine[none] {
	return func(co *eventloop.Co) (none, error) {
		defer conn.Close()
		line, err := eventloop.Offload(co, func(context.Context) (string, error) {
			return bufio.NewReader(conn).ReadString('\n')
		}).Await(co)
		if err != nil {
			return none{}, err
		}
		return eventloop.Offload(co, func(context.Context) (none, error) {
			_, err := fmt.Fprint(conn, strings.ToUpper(line))
			return none{}, err
		}).Await(co)
	}
}

func StartServer(co *eventloop.Co) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	eventloop.CreateTask(co, func(co *eventloop.Co) (none, error) {
		defer listener.Close() // and so Accept ends, too
		for {
			conn, err := eventloop.Offload(co, func(context.Context) (net.Conn, error) {
				return listener.Accept()
			}).Await(co)
			if err != nil {
				return none{}, err
			}
			eventloop.CreateTask(co, serve(conn))
		}
	})
	return show(co, ask(listener.Addr().String()))
}

//endregion

//region OpenConnection

func ask(address string) eventloop.Coroutine[string] {
	return func(co *eventloop.Co) (string, error) {
		return eventloop.Offload(co, func(ctx context.Context) (string, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
			if err != nil {
				return "", err
			}
			defer conn.Close()
			defer context.AfterFunc(ctx, func() { conn.Close() })() // or a cancel would not end the read
			fmt.Fprintln(conn, "hello")
			answer, err := bufio.NewReader(conn).ReadString('\n')
			return strings.TrimSpace(answer), err
		}).Await(co)
	}
}

//endregion

func OpenConnection(co *eventloop.Co) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		line, _ := bufio.NewReader(conn).ReadString('\n')
		fmt.Fprint(conn, "you said ", line)
	}()
	return show(co, ask(listener.Addr().String()))
}

func Getaddrinfo(co *eventloop.Co) error {
	addresses, err := eventloop.Offload(co, func(ctx context.Context) ([]string, error) {
		return net.DefaultResolver.LookupHost(ctx, "127.0.0.1")
	}).Await(co)
	if err != nil {
		return err
	}
	for _, address := range addresses {
		fmt.Println(address, 80)
	}
	return nil
}
