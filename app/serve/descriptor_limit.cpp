#include "app/serve/descriptor_limit.hpp"

#include <algorithm>
#include <sys/resource.h>

namespace app {

namespace {

// For the database, the storage account, files being written, and downloads.
constexpr std::size_t kept_for_others = 128;

} // namespace

std::size_t connections_that_fit(std::size_t wanted) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    const rlim_t needed = wanted + kept_for_others;
    if (limit.rlim_cur < needed) {
        auto raised = limit;
        raised.rlim_cur = std::min(needed, limit.rlim_max);
        if (::setrlimit(RLIMIT_NOFILE, &raised) == 0)
            limit = raised;
    }
    if (limit.rlim_cur >= needed)
        return wanted;
    // Half of very little is better than a service that cannot open its database.
    return std::max<std::size_t>(1, limit.rlim_cur > 2 * kept_for_others ? limit.rlim_cur - kept_for_others
                                                                         : limit.rlim_cur / 2);
}

} // namespace app
