;; H04: what is called when it gives a resource of its own back never ends.
;; exports: test:hostile/things@0.1.0
;; expect: plugin-timeout
(import "[export]test:hostile/things@0.1.0" "[resource-new]thing" (func $new (param i32) (result i32)))
(import "[export]test:hostile/things@0.1.0" "[resource-drop]thing" (func $drop (param i32)))
(func (export "test:hostile/things@0.1.0#[dtor]thing") (param i32)
  (loop $again (br $again)))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (call $drop (call $new (i32.const 1)))
  (global.get $fine))
