#include "async/fault_point.hpp"

#ifdef EVENT_ARCHIVER_FAULT_POINTS

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <string>

namespace async {

namespace {

int signal_called(std::string_view name) {
    if (name == "kill")
        return SIGKILL;
    if (name == "term")
        return SIGTERM;
    if (name == "int")
        return SIGINT;
    return SIGSTOP;
}

} // namespace

void fault_point(std::string_view name) {
    static std::map<std::string, int, std::less<>> reached; // test builds only
    static std::mutex one_at_a_time;                        // some points are on a helper thread
    const std::scoped_lock lock(one_at_a_time);
    const char* wanted = std::getenv("EVENT_ARCHIVER_FAULT");
    static std::string obeyed;
    // A test that forks sets it in the child: its points are counted from there.
    if (wanted != nullptr && obeyed != wanted) {
        obeyed = wanted;
        reached.clear();
    }
    const int times = ++reached[std::string(name)];
    if (const char* trace = std::getenv("EVENT_ARCHIVER_FAULT_TRACE"))
        std::ofstream(trace, std::ios::app) << name << '\n';
    std::string_view rest = wanted == nullptr ? "" : wanted;
    while (!rest.empty()) {
        auto entry = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(entry.size() + 1, rest.size()));
        const auto equals = entry.find('=');
        auto point = entry.substr(0, equals);
        int occurrence = 1;
        if (const auto hash = point.find('#'); hash != std::string_view::npos) {
            std::from_chars(point.data() + hash + 1, point.data() + point.size(), occurrence);
            point = point.substr(0, hash);
        }
        if (point == name && occurrence == times)
            std::raise(signal_called(entry.substr(equals + 1)));
    }
}

} // namespace async

#endif
