#include "app/page/report_file.hpp"

#include "async/error.hpp"

namespace app {

report_file::report_file(const std::string& path, async::log& log)
    : log_(log)
    , before_(log.attached_timeline())
    , file_(path)
    , timeline_(before_) {
    log_.attach(&timeline_);
}

report_file::~report_file() { log_.attach(before_); }

void report_file::write(const report_page& page) {
    try {
        file_.write(render(page));
    } catch (const async::error& failed) {
        log_.warn("report.lost", "the report could not be written", {{"error.message", failed.message()}});
    }
}

} // namespace app
