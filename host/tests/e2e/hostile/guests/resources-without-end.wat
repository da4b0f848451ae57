;; H21: makes resources of its own without end.
;; exports: test:hostile/things@0.1.0
;; expect: plugin-trap
(import "[export]test:hostile/things@0.1.0" "[resource-new]thing" (func $new (param i32) (result i32)))
(func (export "test:hostile/things@0.1.0#[dtor]thing") (param i32))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (loop $again
    (drop (call $new (i32.const 1)))
    (br $again))
  (unreachable))
