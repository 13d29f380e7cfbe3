// A mark with every field set, for the tests of marks.
#pragma once

#include "lake/mark/mark.hpp"

namespace lake::rig {

inline file_record record_before() {
    file_record record;
    record.bytes = 1'000;
    record.uncompressed = 8'000;
    record.rows = 10;
    record.blocks = 1;
    record.crc = 0x0000'0000'0000'00ff;
    record.header = 0x0123'4567'89ab'cdef;
    record.run = "0193-earlier";
    record.transaction = "741";
    record.position = {"7312345678901234567", "16384", 1, 0x16'0000'0000};
    return record;
}

inline file_mark pending_mark() {
    file_mark mark;
    mark.table = "public.Event";
    mark.pending = true;
    mark.base = record_before();
    mark.now = record_before();
    mark.now.bytes = 4'000'000'000'000;
    mark.now.uncompressed = 32'000'000'000'000;
    mark.now.rows = 30;
    mark.now.blocks = 50'000;
    mark.now.crc = 0xffff'ffff'ffff'ffff;
    mark.now.run = "0193-now";
    mark.now.transaction = "4294967299";
    mark.now.types = 0x0a;
    mark.now.sample = sampled_row{{"the key", "a+b"}, {"50%,a=ü", ""}, 0xfe};
    mark.now.position = {"7312345678901234567", "16384", 4'294'967'295, 0xffff'ffff'ffff'ffff,
                         1'767'225'600'000'001};
    return mark;
}

} // namespace lake::rig
