;; H25: wants something that nobody has.
;; imports: test:hostile/nothing@0.1.0
;; expect: refused test:hostile/nothing@0.1.0
(import "test:hostile/nothing@0.1.0" "open" (func $open))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (call $open)
  (global.get $fine))
