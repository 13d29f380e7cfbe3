// The result of an append, from the broker's reports about its events.
// Tested by tests/unit/events/journal/kafka/delivery_test.cpp.
#pragma once

#include "events/event.hpp"

#include <cstddef>
#include <cstdint>
#include <librdkafka/rdkafka.h>
#include <string>

namespace events::kafka {

enum class delivered : std::uint8_t {
    kept,     // all of it, on all in-sync replicas
    not_kept, // nothing of it
    in_doubt, // all of it, some of it or nothing
};

class delivery {
  public:
    explicit delivery(std::size_t events) noexcept
        : remaining_(events) {}

    void add(rd_kafka_resp_err_t failed, rd_kafka_msg_status_t status, std::int64_t offset) noexcept;
    // An event that the producer did not take: it was never sent.
    void add_unsent(rd_kafka_resp_err_t failed) noexcept {
        add(failed, RD_KAFKA_MSG_STATUS_NOT_PERSISTED, RD_KAFKA_OFFSET_INVALID);
    }

    [[nodiscard]] bool complete() const noexcept { return remaining_ == 0; }
    // Once complete.
    [[nodiscard]] delivered outcome() const noexcept;
    // The first failure there was.
    [[nodiscard]] rd_kafka_resp_err_t failed() const noexcept { return failed_; }
    // -1 if the broker did not say: it does not for an event that it already had.
    [[nodiscard]] position first() const noexcept { return first_; }
    [[nodiscard]] position end() const noexcept { return last_ < 0 ? -1 : last_ + 1; }

  private:
    std::size_t remaining_;
    std::size_t kept_ = 0;
    std::size_t lost_ = 0;
    std::size_t unknown_ = 0;
    rd_kafka_resp_err_t failed_ = RD_KAFKA_RESP_ERR_NO_ERROR;
    position first_ = -1;
    position last_ = -1;
};

// The error for an append that was not kept whole, `reason` being librdkafka's words or a broker's.
[[noreturn]] void throw_not_kept(delivered outcome, rd_kafka_resp_err_t failed, const std::string& topic,
                                 const std::string& reason);

// The error for a request that a broker did not carry out: refused, precondition or temporary.
[[noreturn]] void throw_kafka_error(rd_kafka_resp_err_t failed, std::string message);

} // namespace events::kafka
