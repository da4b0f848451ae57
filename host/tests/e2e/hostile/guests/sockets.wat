;; H26: wants to make sockets.
;; imports: wasi:sockets/tcp-create-socket@0.2.3
;; expect: refused wasi:sockets/tcp-create-socket@0.2.3
(import "wasi:sockets/tcp-create-socket@0.2.3" "create" (func $create (result i32)))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (drop (call $create))
  (global.get $fine))
