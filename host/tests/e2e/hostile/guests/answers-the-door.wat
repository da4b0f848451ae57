;; H31: one half of a circle: it calls whoever answers the gate, when somebody comes to the door.
;; uses: test:hostile/gate@0.1.0
;; provides: test:hostile/door@0.1.0
;; expect: fine
(import "test:hostile/gate@0.1.0" "open" (func $open))
(func (export "test:hostile/door@0.1.0#open")
  (call $open))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (global.get $fine))
