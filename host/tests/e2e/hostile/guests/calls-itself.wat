;; H32: calls itself by way of the host.
;; uses: test:hostile/mirror@0.1.0
;; provides: test:hostile/mirror@0.1.0
;; expect: refused both
(import "test:hostile/mirror@0.1.0" "open" (func $open))
(func (export "test:hostile/mirror@0.1.0#open")
  (call $open))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (call $open)
  (global.get $fine))
