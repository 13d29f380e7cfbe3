// The state of a reader for each partition that it reads. Private to the reader's two files.
// Tested by tests/unit/events/journal/kafka/kafka_journal_test.cpp.
#pragma once

#include "async/condition.hpp"
#include "events/journal/kafka/event_queue.hpp"
#include "events/journal/kafka/reader.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace events::kafka {

// Where this consumer is in one partition.
struct reader::cursor {
    cursor(const boost::asio::any_io_executor& executor, std::int32_t which)
        : partition(which)
        , came(executor) {}
    std::int32_t partition;
    std::unique_ptr<event_queue> queue;
    async::condition came;
    std::size_t arrivals = 0; // times that the queue was no longer empty: see reader::wait_for_more
    position next = -1;       // -1: at no position yet
    std::optional<recorded_event> pending; // read from the queue, too large for the last batch
    std::size_t taken_messages = 0;        // from the queue, since it was asked for more
    std::size_t taken_bytes = 0;
    std::string last;       // the mark of the event that was given out last; empty: not known
    bool comparing = false; // it was sent back to that event, to compare it
    async::deadline::clock::time_point compared;
    bool at_end = false; // the broker has said so, behind `next`
    bool out_of_range = false;
    bool busy = false;
};

} // namespace events::kafka
