package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"syscall"
)

// isBroken says whether a check has found what nobody expects.
var isBroken bool

// failure is what ends a check.
type failure struct{ error }

// works runs a check of what the client's manual promises.
func works(name string, run func()) { report(name, "works", "", run) }

// refused runs a check of a request that the service rejects; run looks at the error.
func refused(name, note string, run func()) { report(name, "refused", note, run) }

// fails runs a check of a fault of the client itself; run shows that the client still has it.
func fails(name, note string, run func()) { report(name, "fails", note, run) }

func report(name, outcome, note string, run func()) {
	defer func() {
		switch found := recover().(type) {
		case nil:
		case failure:
			isBroken, outcome, note = true, "broken", found.Error()
		default:
			panic(found)
		}
		write(map[string]string{"check": name, "outcome": outcome, "note": note})
	}()
	run()
}

// write prints one line of JSON, without what is empty.
func write(line map[string]string) {
	for name, text := range line {
		if text == "" {
			delete(line, name)
		}
	}
	_ = json.NewEncoder(os.Stdout).Encode(line)
}

// must returns the result of a call that succeeds.
func must[T any](value T, err error) T {
	if err != nil {
		panic(failure{err})
	}
	return value
}

// raises returns the error of a call, which has the type E.
func raises[E error](err error) E {
	var typed E
	if !errors.As(err, &typed) {
		panic(failure{fmt.Errorf("expected %T, got %T: %v", typed, err, err)})
	}
	return typed
}

// of returns what a pointer of a response points at.
func of[T any](pointer *T) T {
	if pointer == nil {
		panic(failure{fmt.Errorf("a %T is missing in the response", pointer)})
	}
	return *pointer
}

// equal ends the check if two values differ.
func equal[T any](got, expected T) {
	if !reflect.DeepEqual(got, expected) {
		panic(failure{fmt.Errorf("got %v, expected %v", got, expected)})
	}
}

// sentinels are errors that a program looks for with errors.Is.
var sentinels = []struct {
	name  string
	error error
}{
	{"io.EOF", io.EOF},
	{"io.ErrUnexpectedEOF", io.ErrUnexpectedEOF},
	{"syscall.ECONNRESET", syscall.ECONNRESET},
}

// raised prints an error as a user looks for it: by its value, or by the innermost type of its own.
func raised(err error) {
	name := fmt.Sprintf("%T", err)
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		if typed := fmt.Sprintf("%T", inner); typed != "*errors.errorString" && typed != "*fmt.wrapError" {
			name = typed
		}
	}
	for _, sentinel := range sentinels {
		if errors.Is(err, sentinel.error) {
			name = sentinel.name
		}
	}
	write(map[string]string{"raised": name, "message": err.Error()})
}

// listed says what a list of images is, without its length.
func listed[T any](images []T) string {
	if len(images) == 0 {
		return "an empty list of images"
	}
	return "a list of images"
}
