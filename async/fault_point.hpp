// Named points at which a test build can be stopped or killed. A production build has none.
// Tested by tests/fault/test_named_points.py.
#pragma once

#include <string_view>

namespace async {

#ifdef EVENT_ARCHIVER_FAULT_POINTS
// Obeys EVENT_ARCHIVER_FAULT="name=kill|term|int|stop[,name=…]": the signal is raised when the point is
// reached; with "name#3=kill" the third time. With EVENT_ARCHIVER_FAULT_TRACE=file, appends each name reached
// to that file.
void fault_point(std::string_view name);
#else
inline void fault_point(std::string_view) noexcept {}
#endif

} // namespace async
