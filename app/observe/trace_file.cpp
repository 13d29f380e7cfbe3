#include "app/observe/trace_file.hpp"

#include "app/observe/line_log.hpp"
#include "app/settings/mistake.hpp"
#include "app/text/utf8.hpp"
#include "async/error.hpp"
#include "async/regular_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

namespace app {

namespace {

std::int64_t microseconds(async::timeline::clock::duration span) {
    return std::chrono::duration_cast<std::chrono::microseconds>(span).count();
}

} // namespace

trace_file::trace_file(const std::string& path, const std::string& run_id)
    : file_(async::open_stream(path)) {
    if (!file_)
        throw async::error(async::failure::usage,
                           fmt::format("ARCHIVE_TRACE: {} cannot be written: {}", shown_path(path),
                                       async::describe_errno(errno)),
                           "Name a file in a directory that exists and that this user may write to.");
    print(fmt::format("{{\"otherData\":{{\"run_id\":{}}},\"traceEvents\":[", json_quoted(run_id)));
}

trace_file::~trace_file() { print("\n]}\n"); }

// Not fmt::print: it throws where the disk is full, and spans end in destructors.
void trace_file::print(const std::string& text) noexcept {
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), file_.get()));
}

void trace_file::put(const std::string& event) {
    print(fmt::format("{}\n{}", std::exchange(first_, false) ? "" : ",", event));
}

// Each lane of a group is a "thread", in the order in which they appear.
std::size_t trace_file::row_of(std::string_view group, std::size_t lane) {
    const auto [found, is_new] = rows_.try_emplace({group, lane}, rows_.size() + 1);
    if (is_new)
        put(fmt::format(R"({{"ph":"M","pid":1,"tid":{},"name":"thread_name","args":{{"name":{}}}}})",
                        found->second, json_quoted(fmt::format("{} {}", group, lane + 1))));
    return found->second;
}

void trace_file::write(const stretch& drawn) {
    const auto row = row_of(drawn.group, drawn.lane);
    std::string notes;
    for (const auto& [key, value] : drawn.notes) {
        const auto* const text = std::get_if<std::string>(&value);
        notes += fmt::format("{}{}:{}", notes.empty() ? "" : ",", json_quoted(key),
                             text != nullptr ? json_quoted(*text)
                                             : std::to_string(std::get<std::uint64_t>(value)));
    }
    put(fmt::format(R"({{"ph":"X","pid":1,"tid":{},"ts":{},"dur":{},"cat":{},"name":{},"args":{{{}}}}})", row,
                    microseconds(drawn.begin - started_), microseconds(drawn.end - drawn.begin),
                    json_quoted(drawn.group), json_quoted(drawn.name), notes));
}

} // namespace app
