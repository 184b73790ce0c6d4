package main

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The routes:
//
//	POST /threads                        {"id", "title"}
//	GET  /threads
//	POST /threads/ID/messages            a draft, below the current leaf
//	GET  /threads/ID/messages            ?limit=n&before=id: the current branch
//	GET  /threads/ID/tree
//	POST /messages/ID/fork               a draft, below that message
//	POST /messages/ID/alternative        a draft, beside that message
//	POST /messages/ID/select             {"position"}: shows that message, or its alternative of that position
//	GET  /status                         who leads
//	GET  /copy                           this node's own copy of the database, as a tar of the file and its WAL
//
// A message's ID is its id or its uid. Every write answers {"id": n}; a retry with the same uid answers the same.
type server struct{ *database }

func newServer(d *database) http.Handler { return server{d} }

const largest = 16 << 20

func (s server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := s.answer(w, r)
	if err == errSent {
		return
	}
	status := http.StatusOK
	if err != nil {
		status = statusOf(err)
		answer = map[string]string{"error": err.Error()}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer)
}

var (
	errSent    = errors.New("the answer is on its way")
	errUnknown = errors.New("no such route")
)

// A request that can't be understood.
type badRequest string

func (b badRequest) Error() string { return string(b) }

func statusOf(err error) int {
	var bad badRequest
	switch {
	case errors.As(err, &bad):
		return http.StatusBadRequest
	case err == errUnknown:
		return http.StatusNotFound
	case passing(err) || errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable // may have happened or not: send the same request again
	case strings.Contains(err.Error(), ": no thread ") || strings.Contains(err.Error(), ": no message "):
		return http.StatusNotFound
	case strings.Contains(err.Error(), "uid "):
		return http.StatusConflict
	}
	return http.StatusBadRequest
}

func (s server) answer(w http.ResponseWriter, r *http.Request) (interface{}, error) {
	words := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	for i := range words {
		word, err := url.PathUnescape(words[i])
		if err != nil {
			return nil, badRequest("a path that can't be read")
		}
		words[i] = word
	}
	route := r.Method + " " + words[0]
	if len(words) == 3 {
		route += " " + words[2]
	} else if len(words) != 1 {
		return nil, errUnknown
	}
	ctx := r.Context()
	switch route {
	case "POST threads":
		var thread struct{ ID, Title string }
		if err := body(r, &thread); err != nil {
			return nil, err
		}
		// The id comes from the caller, so that a retry does not make a second thread.
		if thread.ID == "" {
			return nil, badRequest(`"id" is missing`)
		}
		return map[string]string{"id": thread.ID}, s.createThread(ctx, thread.ID, thread.Title)
	case "GET threads":
		return s.threads(ctx)
	case "POST threads messages":
		return added(r, func(m draft) (int64, error) { return s.appendMessage(ctx, words[1], m) })
	case "GET threads messages":
		limit, err := integer(r, "limit")
		if err != nil {
			return nil, err
		}
		return s.messages(ctx, words[1], limit, nullable(r.URL.Query().Get("before")))
	case "GET threads tree":
		return s.tree(ctx, words[1])
	case "POST messages fork":
		return added(r, func(m draft) (int64, error) { return s.fork(ctx, words[1], m) })
	case "POST messages alternative":
		return added(r, func(m draft) (int64, error) { return s.alternative(ctx, words[1], m) })
	case "POST messages select":
		var asked struct{ Position *int64 }
		if err := body(r, &asked); err != nil {
			return nil, err
		}
		leaf, err := s.selectVersion(ctx, words[1], asked.Position)
		return map[string]int64{"id": leaf}, err
	case "GET status":
		return map[string]string{"address": s.node.Address(), "leader": s.leader(ctx)}, nil
	case "GET copy":
		return nil, s.send(w, r)
	}
	return nil, errUnknown
}

// added stores the draft in a request, and answers with its id.
func added(r *http.Request, store func(draft) (int64, error)) (interface{}, error) {
	var m draft
	if err := body(r, &m); err != nil {
		return nil, err
	}
	if m.UID == "" || m.Role == "" {
		return nil, badRequest(`"uid" and "role" are required`)
	}
	id, err := store(m)
	return map[string]int64{"id": id}, err
}

func body(r *http.Request, into interface{}) error {
	decoder := json.NewDecoder(io.LimitReader(r.Body, largest))
	if err := decoder.Decode(into); err != nil && err != io.EOF {
		return badRequest("the body is not the JSON that is expected: " + err.Error())
	}
	return nil
}

func integer(r *http.Request, name string) (interface{}, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return nil, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, badRequest(name + " must be an integer")
	}
	return n, nil
}

func (s server) send(w http.ResponseWriter, r *http.Request) error {
	files, err := s.copy(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-tar")
	archive := tar.NewWriter(w)
	for _, file := range files {
		header := tar.Header{Name: file.Name, Mode: 0o644, Size: int64(len(file.Data)), ModTime: time.Now()}
		if archive.WriteHeader(&header) != nil {
			return errSent
		}
		if _, err := archive.Write(file.Data); err != nil {
			return errSent
		}
	}
	archive.Close()
	return errSent
}
