// The file of --report, and the timeline that its page shows.
#pragma once

#include "app/observe/output_file.hpp"
#include "app/observe/recorded_timeline.hpp"
#include "app/page/report_page.hpp"
#include "async/log.hpp"

#include <string>

namespace app {

class report_file {
  public:
    // From here on all spans of `log` are kept, and passed on to the timeline that it had. Throws
    // async::error(usage) if the file cannot be written. `log` must outlive it.
    report_file(const std::string& path, async::log& log);
    ~report_file();
    report_file(const report_file&) = delete;
    report_file& operator=(const report_file&) = delete;

    [[nodiscard]] const recorded_timeline& timeline() const noexcept { return timeline_; }
    // At most once. What fails is a warning in the log.
    void write(const report_page& page);

  private:
    async::log& log_;
    async::timeline* before_; // null: none
    output_file file_;
    recorded_timeline timeline_;
};

} // namespace app
