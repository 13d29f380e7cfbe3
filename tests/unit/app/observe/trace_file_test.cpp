#include "app/observe/trace_file.hpp"
#include "tests/unit/app/settings/environment.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <iterator>

namespace app {
namespace {

TEST(trace_file, is_trace_events_that_can_be_read) {
    const rig::temporary_folder folder;
    const auto path = (folder.path / "trace").string();
    {
        trace_file trace(path, "run");
        const auto now = async::timeline::clock::now();
        trace.write({"readers",
                     1,
                     "read \"x\"",
                     now,
                     now + std::chrono::milliseconds(2),
                     {{"rows", std::uint64_t{3}}}});
    }
    std::ifstream file(path);
    const auto document = boost::json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
    EXPECT_EQ(document.at("otherData").at("run_id"), "run");
    const auto& events = document.at("traceEvents").as_array();
    ASSERT_EQ(events.size(), 2U) << "the name of the row, and the stretch";
    EXPECT_EQ(events[0].at("args").at("name"), "readers 2");
    EXPECT_EQ(events[1].at("name"), "read \"x\"");
    EXPECT_EQ(events[1].at("dur"), 2'000);
    EXPECT_EQ(events[1].at("args").at("rows"), 3);
}

} // namespace
} // namespace app
