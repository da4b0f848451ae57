;; H25: wants the folders that it may open.
;; imports: wasi:filesystem/preopens@0.2.3
;; expect: refused wasi:filesystem/preopens@0.2.3
(import "wasi:filesystem/preopens@0.2.3" "count" (func $count (result i32)))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (drop (call $count))
  (global.get $fine))
