package eventloop

// A ring is a queue in a slice whose length is a power of two: first in, first out.
type ring[T any] struct {
	entries    []T
	size       uint // the length
	head, tail uint // the count of entries taken and put
}

func (r *ring[T]) len() int { return int(r.tail - r.head) }

func (r *ring[T]) push(e T) {
	if r.tail-r.head == r.size {
		r.grow()
	}
	r.entries[r.tail&(r.size-1)] = e
	r.tail++
}

// pop takes the first entry, if there is one.
func (r *ring[T]) pop() T {
	var none T
	at := &r.entries[r.head&(r.size-1)]
	e := *at
	*at = none
	r.head++
	return e
}

func (r *ring[T]) grow() {
	entries := make([]T, max(16, 2*r.size))
	n := r.tail - r.head
	for i := range n {
		entries[i] = r.entries[(r.head+i)&(r.size-1)]
	}
	*r = ring[T]{entries: entries, size: uint(len(entries)), tail: n}
}
