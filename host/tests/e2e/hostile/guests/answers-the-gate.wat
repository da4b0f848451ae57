;; H31: the other half: it calls whoever answers the door, when somebody comes to the gate.
;; uses: test:hostile/door@0.1.0
;; provides: test:hostile/gate@0.1.0
;; expect: refused circle
(import "test:hostile/door@0.1.0" "open" (func $open))
(func (export "test:hostile/gate@0.1.0#open")
  (call $open))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (call $open)
  (global.get $fine))
