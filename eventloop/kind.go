package eventloop

// A kind is what a future stands for. It is what a report says that a task waits for.
type kind uint8

const (
	kindFuture kind = iota
	kindTask
	kindSleep
	kindGather
	kindWait
	kindAsCompleted
	kindShield
	kindTaskGroup
	kindThen
	kindOffload
	kindLock
	kindEvent
	kindCondition
	kindSemaphore
	kindBarrier
	kindQueueGet
	kindQueuePut
	kindQueueJoin
)

func (k kind) String() string {
	return [...]string{
		kindFuture:      "a Future",
		kindTask:        "a task",
		kindSleep:       "Sleep",
		kindGather:      "Gather",
		kindWait:        "Wait",
		kindAsCompleted: "AsCompleted",
		kindShield:      "Shield",
		kindTaskGroup:   "a TaskGroup",
		kindThen:        "Then",
		kindOffload:     "a function off the loop",
		kindLock:        "Lock.Acquire",
		kindEvent:       "Event.Wait",
		kindCondition:   "Condition.Wait",
		kindSemaphore:   "Semaphore.Acquire",
		kindBarrier:     "Barrier.Wait",
		kindQueueGet:    "Queue.Get",
		kindQueuePut:    "Queue.Put",
		kindQueueJoin:   "Queue.Join",
	}[k]
}
