// A topic's directory with files that nobody wrote like that: a reader of another process and the writer that
// recovers it refuse them or give their events, dense, in order, and none beyond what is durable.
//
// Input: what is in the directory, the number in the file `durable`, then the segment: its bytes, or frames
// whose checksums are right.
#include "events/journal/error.hpp"
#include "events/journal/segments/durable_position.hpp"
#include "events/journal/segments/frame.hpp"
#include "events/journal/segments/segment_file.hpp"
#include "events/journal/segments/segment_reader.hpp"
#include "events/journal/segments/segment_writer.hpp"
#include "tests/fuzz/check.hpp"
#include "tests/unit/events/journal/segments/directory.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace fs = std::filesystem;

enum what : unsigned {
    frames = 1,      // whose checksums are right, in place of the bytes of a file
    no_durable = 2,  // the file is missing
    any_durable = 4, // the file has the first bytes of the segment
    closed = 8,      // another segment follows it, and the end of the bytes is its index
};
constexpr events::position first_of_frames = 7;

// Takes numbers from the front of the input; zero once it has ended.
class taker {
  public:
    explicit taker(std::string_view bytes)
        : bytes_(bytes) {}

    unsigned byte() {
        const auto taken = text(1);
        return taken.empty() ? 0 : static_cast<unsigned char>(taken[0]);
    }
    std::string_view text(std::size_t size) {
        const auto taken = bytes_.substr(0, size);
        bytes_.remove_prefix(taken.size());
        return taken;
    }
    [[nodiscard]] std::string_view rest() const { return bytes_; }

  private:
    std::string_view bytes_;
};

void put(const fs::path& path, std::string_view content) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

// A header, and frames of events; what is left of the input stands behind them.
std::string made_of(taker& input, const events::segment_header& header) {
    auto bytes = encode(header);
    const auto prefix = events::frame_prefix(header);
    auto next = header.first;
    for (auto left = input.byte() % 8; left > 0; --left) {
        const auto kind = input.byte();
        events::frame_header of;
        of.count = 1 + kind % 4;
        of.flags = (kind >> 2U) % 4;
        of.first = (kind & 16U) == 0 ? next : static_cast<events::position>(input.byte());
        of.time = events::event_time(std::chrono::seconds(input.byte()));
        std::string payload(input.text(input.byte() % 64));
        if ((kind & 32U) == 0) { // else the payload is any bytes, with a checksum that is right
            std::vector<events::event> given(of.count);
            for (auto& each : given)
                each.value = payload;
            payload = events::encode_events(given);
        }
        append_frame(bytes, prefix, of, payload);
        next = of.end();
    }
    return bytes.append(input.rest());
}

// Dense, in order, and of frames that begin before the end: an append is durable as a whole.
void check_events(const fs::path& directory, std::optional<events::position> durable) {
    events::segment_reader reader(directory);
    const auto end = reader.durable_end();
    check(!durable || end <= *durable || reader.begin() >= end, "no event is beyond what is durable");
    for (auto at = reader.begin(); at < end;) {
        const auto part = reader.read(at, end, 3'000);
        check(!part.events.empty(), "a read gives an event, or says why not");
        for (const auto& each : part.events)
            check(each.at == at++, "events are dense and in order");
        check(part.next == at, "a read ends where it says");
    }
}

void check_writer(const fs::path& directory, std::optional<events::position> durable) {
    events::segment_options options;
    options.segment_bytes = 4'000;
    options.now = [] { return events::event_time(std::chrono::hours(1)); };
    events::segment_writer writer(directory, options);
    check(!durable || writer.end() >= *durable, "what was durable is there, or the start is refused");
    const auto end = writer.end();
    std::vector<events::event> one(1);
    one[0].value = "appended";
    const auto payload = events::encode_events(one);
    const auto done = writer.write({{payload, 1}});
    if (done[0].failed)
        std::rethrow_exception(done[0].failed);
    check(done[0].first == end && writer.end() == end + 1, "it goes on at the end");
    events::segment_reader reader(directory);
    const auto back = reader.read(end, end + 1, 3'000);
    check(back.events.size() == 1 && back.events[0].content.value == "appended", "what is appended is read");
}

template <typename Call>
void refused_or_done(Call call) {
    try {
        call();
    } catch (const async::error&) {         // NOLINT: the journal's among them
    } catch (const events::file_failure&) { // NOLINT: of the directory
    }
}

} // namespace

extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
    if (fs::is_directory("/dev/shm"))
        ::setenv("TMPDIR", "/dev/shm", 1); // NOLINT: no other thread is there
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    taker input({reinterpret_cast<const char*>(data), size});
    const auto flags = input.byte();
    const auto low = input.byte();
    auto said = events::encode_durable(static_cast<events::position>(low + 256 * input.byte()));
    if ((flags & any_durable) != 0)
        said = input.text(21);
    events::segment_header header;
    header.first = first_of_frames;
    std::string content;
    if ((flags & frames) != 0)
        content = made_of(input, header);
    else
        content = input.rest();
    std::string index;
    if ((flags & closed) != 0) {
        index = content.substr(content.size() - std::min<std::size_t>(content.size() / 2, 96));
        content.resize(content.size() - index.size());
    }
    header = events::decode_segment_header(content).value_or(header);
    header.first = std::clamp<events::position>(header.first, 0, 1'000'000);

    const events::rig::own_directory directory;
    const auto& at = directory.path();
    put(at / "id", events::to_string(header.id) + "\n");
    put(events::segment_path(at, header.first), content);
    if ((flags & closed) != 0) {
        auto next = header;
        next.first += 1 + low;
        put(events::segment_path(at, next.first), encode(next));
        auto path = events::segment_path(at, header.first);
        put(path.replace_extension(".idx"), index);
    }
    std::optional<events::position> durable;
    if ((flags & no_durable) == 0) {
        put(at / events::durable_name, said);
        durable = events::decode_durable(said);
    }
    refused_or_done([&] { check_events(at, durable); });
    refused_or_done([&] { check_writer(at, durable); });
    refused_or_done([&] { check_events(at, std::nullopt); });
    return 0;
}
