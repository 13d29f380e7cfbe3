// A file in the lake in memory that waits for a transaction.
#pragma once

#include "tests/support/memory_lake_fixture.hpp"
#include "tests/unit/lake/marks.hpp"

#include <span>
#include <string>
#include <vector>

namespace lake::rig {

// In the form the service gives them: 24 raw bytes.
inline const std::string base_id = "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE0";
inline const std::string tail_id = "YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI0";

// Its tail "2\n" waits for transaction 4294967299; before it, the file held "id\n1\n", or was not there.
inline void put_pending_file(test_support::memory_lake& lake, const std::string& name, bool onto_base) {
    const std::string base = onto_base ? "id\n1\n" : "";
    const std::string content = base + "2\n";
    std::vector<azure::block> blocks{{tail_id, 2}};
    if (onto_base)
        blocks.insert(blocks.begin(), {base_id, base.size()});
    std::vector<std::string> ids;
    for (const auto& block : blocks)
        ids.push_back(block.id);
    auto mark = pending_mark();
    mark.now.bytes = content.size();
    mark.now.crc = test_support::crc_of_text(content);
    mark.now.uncompressed = 0;
    mark.now.rows = 2;
    mark.now.blocks = blocks.size();
    mark.now.ids = crc_of_ids(ids);
    mark.base.reset();
    if (onto_base) {
        mark.base = record_before();
        mark.base->bytes = base.size();
        mark.base->crc = test_support::crc_of_text(base);
        mark.base->uncompressed = 0;
        mark.base->rows = 1;
        mark.base->blocks = 1;
        mark.base->ids = crc_of_ids(std::span(ids).first(1));
    }
    lake.write(name, content, metadata_with(mark, {{"owner", "them"}})).committed = blocks;
    lake.requests.clear();
}

} // namespace lake::rig
