#include "events/projection/definition.hpp"

#include "async/error.hpp"
#include "csv/dialect.hpp"
#include "db/sql/sql_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace events {

namespace {

namespace fs = std::filesystem;
using async::failure;

constexpr std::size_t projection_name_max = 50;
constexpr std::string_view configuration_name = "projection.conf";

[[noreturn]] void cannot_read(const fs::path& directory, const std::error_code& reason) {
    throw async::error(reason == std::errc::permission_denied ? failure::refused : failure::precondition,
                       fmt::format("the directory of projections '{}' cannot be read: {}", directory.string(),
                                   reason.message()),
                       "Check PROJECTIONS_PATH, and that the directory is mounted and may be read.");
}

// Names in `directory`, in order; none where there is no such directory.
std::vector<std::string> names_in(const fs::path& directory, std::error_code& failed) {
    std::vector<std::string> names;
    fs::directory_iterator entries(directory, failed);
    for (; !failed && entries != fs::directory_iterator(); entries.increment(failed))
        if (auto name = entries->path().filename().string(); !name.starts_with('.'))
            names.push_back(std::move(name));
    std::ranges::sort(names);
    return names;
}

class directory_reader {
  public:
    explicit directory_reader(const fs::path& directory) {
        found_.directory = directory;
        found_.name = directory.filename().string();
    }

    projection_definition run() {
        if (!is_projection_name(found_.name))
            found_.mistake =
                fmt::format("the directory's name '{}' cannot be a projection's: give letters, digits,"
                            " '_' and '-', the first a letter or digit",
                            found_.name);
        read_settings();
        read_migrations("");
        read_apply("apply.sql", found_.apply);
        if (found_.apply.statements.empty() && found_.mistake.empty())
            note("apply.sql", "is missing");
        read_queries("");
        for (const auto& each : plugin_names())
            read_plugin(each);
        return std::move(found_);
    }

  private:
    void note(const std::string& file, std::string_view clause) {
        if (found_.mistake.empty() && !clause.empty())
            found_.mistake = fmt::format("'{}/{}'{}{}", found_.name, file,
                                         clause.starts_with("line") ? ", " : " ", clause);
    }

    // nullopt if the file does not exist or cannot be read; the latter is noted.
    std::optional<std::string> text_of(const std::string& file) {
        std::error_code unknown;
        if (!fs::exists(found_.directory / file, unknown))
            return std::nullopt;
        auto read = db::read_sql_file(found_.directory / file);
        note(file, read.mistake);
        if (!read.mistake.empty())
            return std::nullopt;
        if (file != configuration_name)
            found_.sql_files.emplace_back(file, csv::without_byte_order_mark(read.text));
        return std::string(csv::without_byte_order_mark(read.text));
    }

    void read_settings() {
        const std::string file(configuration_name);
        const auto text = text_of(file);
        if (!text) {
            note(file, "is missing");
            return;
        }
        auto read = read_configuration(*text);
        found_.settings = std::move(read.settings);
        note(file, read.mistake);
        found_.is_configured = found_.mistake.empty();
    }

    // `inside`: "", or a plugin's "plugins/usage/".
    void read_migrations(const std::string& inside) {
        const auto folder = inside + "migrations";
        for (const auto& name : sql_files_in(folder)) {
            const auto file = folder + "/" + name;
            const auto text = text_of(file);
            if (!text)
                continue;
            note(file, migration_mistake(*text));
            found_.migrations.push_back({file, *text});
        }
    }

    void read_apply(const std::string& file, apply_sql& into) {
        const auto text = text_of(file);
        if (!text)
            return;
        into = read_apply_sql(*text);
        into.file = fmt::format("{}/{}", found_.name, file);
        note(file, into.mistake);
    }

    void read_queries(const std::string& inside) {
        const auto folder = inside + "api";
        for (const auto& name : sql_files_in(folder))
            found_.api.push_back(found_.directory / folder / name);
    }

    void read_plugin(const std::string& name) {
        const auto inside = "plugins/" + name + "/";
        std::error_code unknown;
        if (!fs::is_directory(found_.directory / inside, unknown)) {
            note(std::string(configuration_name),
                 fmt::format("names a plugin '{}', which has no directory '{}'", name, inside));
            return;
        }
        auto& made = found_.plugins.emplace_back();
        made.name = name;
        read_migrations(inside);
        read_apply(inside + "apply.sql", made.apply);
        read_queries(inside);
    }

    std::vector<std::string> plugin_names() {
        if (!found_.settings.plugins.empty())
            return found_.settings.plugins;
        std::error_code failed;
        auto names = names_in(found_.directory / "plugins", failed);
        std::error_code unknown;
        std::erase_if(names, [&](const std::string& each) {
            return !fs::is_directory(found_.directory / "plugins" / each, unknown);
        });
        return names;
    }

    std::vector<std::string> sql_files_in(const std::string& folder) {
        std::error_code failed;
        auto names = names_in(found_.directory / folder, failed);
        if (failed && failed != std::errc::no_such_file_or_directory)
            note(folder, "cannot be read: " + failed.message());
        std::erase_if(names, [](const std::string& each) { return !each.ends_with(".sql"); });
        return names;
    }

    projection_definition found_;
};

bool holds_projection(const fs::path& directory) {
    std::error_code unknown;
    return fs::exists(directory / configuration_name, unknown);
}

} // namespace

bool is_projection_name(std::string_view name) noexcept {
    const auto plain = [](char each) {
        return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') || (each >= '0' && each <= '9');
    };
    return !name.empty() && name.size() <= projection_name_max && plain(name.front()) &&
           std::ranges::all_of(name, [&](char each) { return plain(each) || each == '_' || each == '-'; });
}

projection_definition read_projection(const fs::path& directory) { return directory_reader(directory).run(); }

std::vector<projection_definition> read_projections(const std::vector<fs::path>& places) {
    std::map<std::string, fs::path> by_name;
    for (const auto& given : places) {
        const auto place = given.has_filename() ? given : given.parent_path(); // "projections/" has none
        if (holds_projection(place)) {
            by_name[place.filename().string()] = place;
            continue;
        }
        std::error_code failed;
        const auto names = names_in(place, failed);
        if (failed)
            cannot_read(place, failed);
        for (const auto& name : names)
            if (holds_projection(place / name))
                by_name[name] = place / name;
    }
    std::vector<projection_definition> found;
    found.reserve(by_name.size());
    for (const auto& [name, directory] : by_name)
        found.push_back(read_projection(directory));
    return found;
}

std::optional<fs::path> shipped_projections() {
    std::error_code failed;
    const auto beside = fs::read_symlink("/proc/self/exe", failed).parent_path();
    for (const auto& each : {beside / "../share/event-archiver/projections", beside / "../../projections"})
        if (!failed && fs::is_directory(each, failed))
            return fs::canonical(each, failed);
        else
            failed.clear();
    return std::nullopt;
}

} // namespace events
