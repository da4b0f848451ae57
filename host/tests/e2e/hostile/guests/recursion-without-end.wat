;; H05: calls itself without end.
;; expect: plugin-trap
(func $deeper (param i32) (result i32)
  (i32.add (call $deeper (i32.add (local.get 0) (i32.const 1))) (local.get 0)))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (drop (call $deeper (i32.const 0)))
  (global.get $fine))
