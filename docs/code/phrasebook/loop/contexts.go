package loop

import (
	"context"
	"fmt"

	"example.com/overlap/eventloop"
)

//region Contextvar

type userKey struct{}

func greet(ctx context.Context) eventloop.Coroutine[none] {
	return func(*eventloop.Co) (none, error) {
		fmt.Println("hello", ctx.Value(userKey{}))
		return none{}, nil
	}
}

func Contextvar(co *eventloop.Co) error {
	ada := context.WithValue(co.Context(), userKey{}, "Ada")
	grace := context.WithValue(co.Context(), userKey{}, "Grace")
	if _, err := eventloop.CreateTask(co, greet(ada)).Await(co); err != nil {
		return err
	}
	_, err := greet(grace).Await(co)
	return err
}

//endregion
