package main

import (
	"context"
	"encoding/json"
	"time"
)

// A draft is a message that a client wants to have stored. The uid is its own name for it: when an answer is lost and the
// request sent again, the message is there once.
type draft struct {
	UID     string          `json:"uid"`
	Role    string          `json:"role"`
	Content string          `json:"content"`
	Item    json.RawMessage `json:"item"`
}

// arguments are the last five of branch_append, branch_fork and branch_alternative. The time is given, so that what is
// stored follows from the request alone.
func (m draft) arguments() []interface{} {
	var item interface{}
	if len(m.Item) > 0 && string(m.Item) != "null" {
		item = string(m.Item)
	}
	return []interface{}{m.Role, m.Content, item, time.Now().Unix(), m.UID}
}

// Every write is an INSERT: dqlite runs it on the leader and replicates what it changed, and its result has the new id.
// A SELECT that writes would be taken for a query, answered, and not replicated.

func (d *database) createThread(ctx context.Context, id, title string) error {
	_, err := d.write(ctx, "INSERT INTO branch_call SELECT branch_thread(?, ?, ?)", id, nullable(title), time.Now().Unix())
	return err
}

func (d *database) appendMessage(ctx context.Context, thread string, m draft) (int64, error) {
	return d.write(ctx,
		"INSERT INTO branch_call SELECT branch_append(?, ?, ?, ?, ?, ?)", append([]interface{}{thread}, m.arguments()...)...)
}

func (d *database) fork(ctx context.Context, message string, m draft) (int64, error) {
	return d.write(ctx,
		"INSERT INTO branch_call SELECT branch_fork(?, ?, ?, ?, ?, ?)", append([]interface{}{message}, m.arguments()...)...)
}

func (d *database) alternative(ctx context.Context, message string, m draft) (int64, error) {
	return d.write(ctx,
		"INSERT INTO branch_call SELECT branch_alternative(?, ?, ?, ?, ?, ?)", append([]interface{}{message}, m.arguments()...)...)
}

func (d *database) selectVersion(ctx context.Context, message string, position *int64) (int64, error) {
	if position == nil {
		return d.write(ctx, "INSERT INTO branch_call SELECT branch_select(?)", message)
	}
	return d.write(ctx, "INSERT INTO branch_call SELECT branch_select(?, ?)", message, *position)
}

func (d *database) threads(ctx context.Context) ([]map[string]interface{}, error) {
	return d.read(ctx, "SELECT id, title, updated_at, current_leaf_id, last_role, last_content FROM branch_threads() ORDER BY id")
}

func (d *database) messages(ctx context.Context, thread string, limit, before interface{}) ([]map[string]interface{}, error) {
	return d.read(ctx,
		"SELECT id, uid, role, content, parent_entry_id, position, versions FROM branch_messages(?, ?, ?)", thread, limit, before)
}

func (d *database) tree(ctx context.Context, thread string) ([]map[string]interface{}, error) {
	return d.read(ctx, "SELECT id, parent_entry_id, role, depth, children, is_current, preview FROM branch_tree(?)", thread)
}

func nullable(text string) interface{} {
	if text == "" {
		return nil
	}
	return text
}
