;; H35: looks through all the memory it is given for what another one wrote, and writes it.
;; expect: fine
(global $canary i64 (i64.const 0x5afe5afe5afe5afe))
(table $table 100 100 funcref)
(elem declare func $mark)
(func $mark)
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (local $at i32)
  (local.set $at (i32.const 0x1000))
  (loop $again
    (if (i64.eq (i64.load (local.get $at)) (global.get $canary)) (then (unreachable)))
    (i64.store (local.get $at) (global.get $canary))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))
    (br_if $again (i32.lt_u (local.get $at) (i32.const 0x40000))))
  (local.set $at (i32.const 99))
  (loop $more
    (if (i32.eqz (ref.is_null (table.get $table (local.get $at)))) (then (unreachable)))
    (table.set $table (local.get $at) (ref.func $mark))
    (br_if $more (local.tee $at (i32.sub (local.get $at) (i32.const 1)))))
  (global.get $fine))
