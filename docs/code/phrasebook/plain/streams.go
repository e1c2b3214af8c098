package plain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

//region StartServer

func serve(conn net.Conn) {
	defer conn.Close()
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil {
		fmt.Fprint(conn, strings.ToUpper(line))
	}
}

func StartServer() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close() // ends the loop
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	answer, err := ask(listener.Addr().String())
	if err != nil {
		return err
	}
	fmt.Println(answer)
	return nil
}

//endregion

//region OpenConnection

func ask(address string) (string, error) {
	conn, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprintln(conn, "hello")
	answer, err := bufio.NewReader(conn).ReadString('\n')
	return strings.TrimSpace(answer), err
}

//endregion

func OpenConnection() error {
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
	answer, err := ask(listener.Addr().String())
	if err != nil {
		return err
	}
	fmt.Println(answer)
	return nil
}

// UnixSocket gives the phrase a folder of its own.
func UnixSocket() error {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	return unixSocket(filepath.Join(folder, "socket"))
}

//region UnixSocket

func unixSocket(path string) error {
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	defer listener.Close()
	go func() {
		if conn, err := listener.Accept(); err == nil {
			io.Copy(conn, conn) // until the other side writes no more
			conn.Close()
		}
	}()
	conn, err := net.Dial("unix", path)
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Fprint(conn, "hello")
	conn.(*net.UnixConn).CloseWrite()
	text, err := io.ReadAll(conn)
	if err != nil {
		return err
	}
	fmt.Println(string(text))
	return nil
}

//endregion

func Readexactly() {
	reader := strings.NewReader("abcde")
	buffer := make([]byte, 3)
	n, _ := io.ReadFull(reader, buffer)
	fmt.Println(string(buffer[:n]))
	n, err := io.ReadFull(reader, buffer)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		fmt.Println("only", n)
	}
}

func Lines() error {
	scanner := bufio.NewScanner(strings.NewReader("first\nsecond\n"))
	for scanner.Scan() {
		fmt.Println(scanner.Text())
	}
	return scanner.Err()
}

func Readuntil() {
	reader := bufio.NewReaderSize(strings.NewReader("short;much too long, for sure;"), 16)
	text, _ := reader.ReadSlice(';')
	fmt.Println(string(text))
	_, err := reader.ReadSlice(';')
	if errors.Is(err, bufio.ErrBufferFull) {
		fmt.Println("too long")
	}
}

func Datagram() error {
	listener, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	sender, err := net.Dial("udp", listener.LocalAddr().String())
	if err != nil {
		return err
	}
	defer sender.Close()
	fmt.Fprint(sender, "hello")
	listener.SetReadDeadline(time.Now().Add(5 * time.Second)) // a datagram may be lost
	buffer := make([]byte, 1500)
	n, _, err := listener.ReadFrom(buffer)
	if err != nil {
		return err
	}
	fmt.Println(string(buffer[:n]))
	return nil
}

func Getaddrinfo(ctx context.Context) error {
	addresses, err := net.DefaultResolver.LookupHost(ctx, "127.0.0.1")
	if err != nil {
		return err
	}
	for _, address := range addresses {
		fmt.Println(address, 80)
	}
	return nil
}
