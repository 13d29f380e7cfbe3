#include "app/serve/intake/descriptor_limit.hpp"

#include <algorithm>
#include <filesystem>
#include <sys/resource.h>
#include <system_error>

namespace app {

namespace {

// For the database, the storage account, files being written, and downloads.
constexpr std::size_t kept_for_others = 128;
// A thousand topics need them. They are taken where the system allows it.
constexpr std::size_t liked_for_topics = 4'096;

} // namespace

std::size_t connections_that_fit(std::size_t wanted) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    const rlim_t needed = wanted + kept_for_others;
    if (limit.rlim_cur < needed + liked_for_topics) {
        auto raised = limit;
        raised.rlim_cur = std::min<rlim_t>(needed + liked_for_topics, limit.rlim_max);
        if (::setrlimit(RLIMIT_NOFILE, &raised) == 0)
            limit = raised;
    }
    if (limit.rlim_cur >= needed)
        return wanted;
    // Half of a small limit is better than a service that cannot open its database.
    return std::max<std::size_t>(1, limit.rlim_cur > 2 * kept_for_others ? limit.rlim_cur - kept_for_others
                                                                         : limit.rlim_cur / 2);
}

bool descriptors_left_for_a_topic() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return true;
    rlim_t open = 0;
    std::error_code failed;
    for (std::filesystem::directory_iterator each("/proc/self/fd", failed), end; !failed && each != end;
         each.increment(failed))
        ++open;
    if (failed == std::errc::too_many_files_open || failed == std::errc::too_many_files_open_in_system)
        return false;
    return open < limit.rlim_cur - limit.rlim_cur / 4;
}

} // namespace app
