#include "app/send/file_sender.hpp"

#include "app/send/send_mark.hpp"
#include "app/text/units.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace app {

namespace {

using async::awaitable;
using async::fault_point;

// This many of each pass are logged in full; more would bury other lines of the log.
constexpr std::uint64_t lines_logged = 100;

// Shared by both threads: a cancelled pass returns while its file is still being read.
struct open_file {
    open_file(const std::filesystem::path& path, const std::string& server)
        : file(path)
        , content_crc(file.content_crc())
        , identity(identity_of(path, file.state(), content_crc))
        , mark(path, identity, server) {}
    line_file file;
    file_fate fate = file_fate::whole; // as it was at the end
    std::uint64_t content_crc;
    std::string identity;
    send_mark mark;
};

struct left_out_line {
    std::uint64_t number;
    std::string mistake;
};

class pass {
  public:
    pass(send_tools tools, std::filesystem::path path)
        : tools_(tools)
        , path_(std::move(path)) {}

    awaitable<sent_file> send(std::size_t lines_max) {
        co_await open();
        const auto face = co_await tools_.server.find_face();
        const auto lines = face == event_face::single ? std::size_t{1} : lines_max;
        tools_.log.info("send.start", "events of a file are being sent",
                        {{"file", path_.string()},
                         {"to", tools_.server.url()},
                         {"lines_in_a_request", lines},
                         {"after_line", opened_->mark.line()}});
        for (;;) {
            const auto batch = co_await next(lines);
            if (batch.events > 0)
                co_await give(face, batch);
            if (batch.at_end)
                break;
        }
        // Also if the file has changed: the mark fits neither content then.
        std::function<void()> finish = [opened = opened_] { opened->mark.remove(); };
        co_await tools_.reading.run(std::move(finish));
        must_be_whole();
        tools_.report.passes += 1;
        tools_.report.left_out += left_out_;
        co_return sent_file{opened_->file.state(), opened_->content_crc, left_out_,
                            any_event_ || opened_->mark.line() > 0};
    }

  private:
    // A line that was there when it began may be cut, gone, or half of another content.
    void must_be_whole() const {
        switch (opened_->fate) {
        case file_fate::whole:
            return;
        case file_fate::shorter:
            throw async::error(
                async::failure::precondition,
                fmt::format("it became shorter while it was sent: {} of its {} bytes were there",
                            opened_->file.offset(), opened_->file.state().bytes),
                "What was there is sent. Send the file again once nobody writes to it.");
        case file_fate::rewritten:
            throw async::error(
                async::failure::precondition,
                "it was rewritten while it was sent: the server may have lines of both contents",
                "Send the file again once nobody writes to it: all of it is sent then.");
        }
    }

    awaitable<void> open() {
        auto opened = std::make_shared<std::shared_ptr<open_file>>();
        std::function<void()> opening = [opened, path = path_, server = tools_.server.url()] {
            *opened = std::make_shared<open_file>(path, server);
        };
        co_await tools_.reading.run(std::move(opening));
        opened_ = *opened;
        tools_.report.bytes_file = opened_->file.state().bytes;
        tools_.report.bytes_read = 0;
    }

    // Skips the lines that are accepted already.
    awaitable<line_batch> next(std::size_t lines_max) {
        auto batch = std::make_shared<line_batch>();
        auto left_out = std::make_shared<std::vector<left_out_line>>();
        std::function<void()> reading = [opened = opened_, batch, left_out, lines_max, skipping = skipping_] {
            if (skipping)
                while (opened->file.lines() < opened->mark.line() && opened->file.next()) {
                }
            *batch = next_batch(opened->file, lines_max, [&left_out](const file_line& line, std::string why) {
                left_out->push_back({line.number, std::move(why)});
            });
            if (batch->at_end)
                opened->fate = opened->file.fate();
        };
        co_await tools_.reading.run(std::move(reading));
        skipping_ = false;
        for (const auto& each : *left_out)
            if (++left_out_ <= lines_logged)
                tools_.log.warn("send.line_left_out", "a line is not an event and was not sent",
                                {{"file", path_.string()}, {"line", each.number}, {"why", each.mistake}});
        tools_.report.bytes_read = opened_->file.offset();
        co_return std::move(*batch);
    }

    awaitable<void> give(event_face face, const line_batch& batch) {
        co_await tools_.server.post(face, batch, fmt::format("{}-{}", opened_->identity, batch.first));
        tools_.report.events += batch.events;
        any_event_ = true;
        fault_point("send-accepted");
        auto noted = std::make_shared<bool>(true);
        std::function<void()> note = [opened = opened_, line = batch.read_to, noted] {
            *noted = opened->mark.put(line);
        };
        co_await tools_.reading.run(std::move(note));
        fault_point("send-noted");
        if (!*noted && !std::exchange(warned_, true))
            tools_.log.warn("send.no_mark", "how far the file is sent cannot be written to a file next to it",
                            {{"file", path_.string() + ".sending"}});
    }

    send_tools tools_;
    std::filesystem::path path_;
    std::shared_ptr<open_file> opened_;
    std::uint64_t left_out_ = 0;
    bool skipping_ = true;
    bool warned_ = false;
    bool any_event_ = false;
};

} // namespace

std::optional<async::error> mistake_in(const sent_file& sent) {
    if (sent.any_event || sent.left_out == 0)
        return std::nullopt;
    return async::error(async::failure::precondition,
                        fmt::format("it has no event in its {}", counted(sent.left_out, "line")),
                        "A line is a JSON object in UTF-8, ended by LF or CR LF.");
}

awaitable<sent_file> send_file(send_tools tools, std::filesystem::path path, std::size_t lines_max) {
    pass whole(tools, std::move(path));
    co_return co_await whole.send(lines_max);
}

} // namespace app
