package loop

import (
	"fmt"
	"iter"
	"time"

	"example.com/overlap/eventloop"
)

//region AsyncWith

type door struct{}

func (door) Enter(co *eventloop.Co) error {
	return show(co, fetch("open", time.Second))
}

func (door) Exit(co *eventloop.Co, _ error) error {
	return show(co, fetch("closed", time.Second))
}

func AsyncWith(co *eventloop.Co) error {
	return eventloop.With(co, door{}, func() error {
		fmt.Println("inside")
		return nil
	})
}

//endregion

//region ContextManager

func withDoor(co *eventloop.Co, name string, body func(name string) error) error {
	if err := show(co, fetch(name+" open", time.Second)); err != nil {
		return err
	}
	defer func() { _ = show(co, fetch(name+" closed", time.Second)) }()
	return body(name)
}

func ContextManager(co *eventloop.Co) error {
	return withDoor(co, "a", func(name string) error {
		fmt.Println("inside", name)
		return nil
	})
}

//endregion

func ExitStack(co *eventloop.Co) error {
	for _, name := range []string{"a", "b"} {
		defer func() { _ = show(co, fetch(name+" closed", time.Second)) }() // the last one first
	}
	fmt.Println("inside")
	return nil
}

//region AsyncFor

type countdown struct{ n int }

func (c *countdown) all(co *eventloop.Co) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for ; c.n > 0; c.n-- {
			err := co.Sleep(time.Second)
			if !yield(c.n, err) || err != nil {
				return
			}
		}
	}
}

func AsyncFor(co *eventloop.Co) error {
	three := countdown{3}
	for n, err := range three.all(co) {
		if err != nil {
			return err
		}
		fmt.Println(n)
	}
	return nil
}

//endregion

//region AsyncGenerator

func pages(co *eventloop.Co) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for number := 1; number <= 3; number++ {
			text, err := fetch(fmt.Sprint("page ", number), time.Second).Await(co)
			if !yield(text, err) || err != nil {
				return
			}
		}
	}
}

func AsyncGenerator(co *eventloop.Co) error {
	for page, err := range pages(co) {
		if err != nil {
			return err
		}
		fmt.Println(page)
	}
	return nil
}

//endregion

//region Aclosing

func closingPages(co *eventloop.Co) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		defer fmt.Println("closed") // runs when the loop ends, also by break
		pages(co)(yield)
	}
}

func Aclosing(co *eventloop.Co) error {
	for page, err := range closingPages(co) {
		if err != nil {
			return err
		}
		fmt.Println(page)
		break
	}
	return nil
}

//endregion

//region Comprehension

func numbers(co *eventloop.Co, last int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for n := 1; n <= last; n++ {
			err := co.Sleep(time.Second)
			if !yield(n, err) || err != nil {
				return
			}
		}
	}
}

func Comprehension(co *eventloop.Co) error {
	var squares []any
	for n, err := range numbers(co, 3) {
		if err != nil {
			return err
		}
		squares = append(squares, n*n)
	}
	fmt.Println(squares...)
	return nil
}

//endregion

func AnextOne(co *eventloop.Co) error {
	next, stop := iter.Pull2(numbers(co, 2))
	defer stop()
	for range 3 {
		n, err, ok := next()
		if err != nil {
			return err
		}
		if ok {
			fmt.Println(n)
		} else {
			fmt.Println("no more")
		}
	}
	return nil
}
