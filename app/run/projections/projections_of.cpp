#include "app/run/projections/projections_of.hpp"

#include "app/settings/nearest.hpp"
#include "async/error.hpp"
#include "async/quotable.hpp"
#include "events/projection/follow/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace app {

namespace {

using async::failure;
using definition_list = std::vector<events::projection_definition>;

constexpr std::string_view own_directories =
    "PROJECTIONS_PATH names the directories of your own; each has a file projection.conf.";

constexpr std::string_view own_group = "KAFKA_GROUP_ID, or `group` in projection.conf, names the group.";

bool is_shipped(const events::projection_definition& which) {
    const auto shipped = events::shipped_projections();
    return shipped && which.directory.parent_path() == *shipped;
}

// Or a changed copy of it does, which has its name and, in its file, its topic.
bool reads_as_shipped(const events::projection_definition& which, std::string_view name,
                      std::string_view topic) {
    if (which.name != name)
        return false;
    return is_shipped(which) || (which.settings.topics.size() == 1 && which.settings.topics.front() == topic);
}

// Another topic than that in its file, set as in the services that this one replaces.
void set_topic(events::projection_definition& of, const journal_settings& journal) {
    const auto& topic = journal.consumer_topic.empty() ? journal.publish_topic : journal.consumer_topic;
    if (reads_as_shipped(of, "timestamps", "timestamp.command.v1") && !topic.empty())
        of.settings.topics = {topic};
    if (reads_as_shipped(of, "builds", "build_events") && !journal.builds_topic.empty())
        of.settings.topics = {journal.builds_topic};
}

void must_be_right(const events::projection_definition& which) {
    if (!which.mistake.empty())
        throw async::error(failure::precondition,
                           fmt::format("projection '{}' cannot run: {}", which.name, which.mistake),
                           remedy_for(which));
}

std::string no_such_projection(const std::string& name, const definition_list& there) {
    const auto alone = events::projection_of(name);
    if (alone != name && std::ranges::find(there, alone, &events::projection_definition::name) != there.end())
        return fmt::format("the positions of projection '{}' are of another group here", alone);
    std::vector<std::string_view> known;
    for (const auto& each : there)
        known.push_back(each.name);
    const auto near = nearest(name, known);
    return fmt::format("there is no projection {}{}",
                       async::may_quote(name) ? fmt::format("'{}'", name) : "of that name",
                       near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
}

} // namespace

definition_list all_projections(const configuration& settings) {
    std::vector<std::filesystem::path> places;
    if (auto shipped = events::shipped_projections())
        places.push_back(std::move(*shipped));
    places.insert(places.end(), settings.projections.paths.begin(), settings.projections.paths.end());
    auto all = events::read_projections(places);
    for (auto& each : all)
        set_topic(each, settings.journal);
    return all;
}

events::definition_reader definition_reader_of(const configuration& settings) {
    // By its name, as each command finds it: since the start a changed copy of it may have come.
    return [&settings](const events::projection_definition& before) {
        auto all = all_projections(settings);
        const auto found = std::ranges::find(all, before.name, &events::projection_definition::name);
        if (found == all.end())
            throw async::error(failure::precondition,
                               fmt::format("the directory of the projection '{}' is gone", before.name),
                               std::string(own_directories));
        return std::move(*found);
    };
}

std::vector<std::string> names_of(const definition_list& all) {
    std::vector<std::string> names;
    names.reserve(all.size());
    for (const auto& each : all)
        names.push_back(each.name);
    return names;
}

definition_list named_projections(definition_list there, const std::vector<std::string>& names,
                                  const std::string& group) {
    if (names.empty())
        return there;
    definition_list chosen;
    for (const auto& name : names) {
        const auto found = std::ranges::find_if(there, [&](const events::projection_definition& each) {
            return each.name == name || events::position_name(each, group) == name;
        });
        if (found == there.end())
            throw async::error(
                failure::usage, no_such_projection(name, there),
                std::string(name.find('@') == std::string::npos ? own_directories : own_group));
        must_be_right(*found);
        if (std::ranges::find(chosen, found->name, &events::projection_definition::name) == chosen.end())
            chosen.push_back(*found);
    }
    return chosen;
}

definition_list projections_to_run(definition_list there, const projection_settings& settings) {
    if (settings.choice == projection_choice::none)
        return {};
    return settings.choice == projection_choice::named
               ? named_projections(std::move(there), settings.names, {})
               : std::move(there);
}

std::string remedy_for(const events::projection_definition& which) {
    return which.directory.empty() ? std::string(own_directories)
                                   : fmt::format("Fix the file in '{}'.", which.directory.string());
}

definition_list projections_to_check(const definition_list& there, const projection_settings& settings) {
    if (settings.choice == projection_choice::none)
        return {};
    if (settings.choice != projection_choice::named)
        return there;
    definition_list chosen;
    for (const auto& name : settings.names) {
        if (std::ranges::find(chosen, name, &events::projection_definition::name) != chosen.end())
            continue;
        const auto found = std::ranges::find(there, name, &events::projection_definition::name);
        if (found != there.end()) {
            chosen.push_back(*found);
            continue;
        }
        auto& unknown = chosen.emplace_back();
        unknown.name = name;
        unknown.mistake = no_such_projection(name, there);
    }
    return chosen;
}

void must_have_those_of_the_apis(const definition_list& there, const configuration& settings) {
    for (const auto each : settings.serving.apis)
        if (const auto name = projection_of_api(each);
            !name.empty() &&
            std::ranges::find(there, name, &events::projection_definition::name) == there.end())
            throw async::error(failure::precondition,
                               fmt::format("the projection '{}' of a served API is not there: {}", name,
                                           shipped_projections_problem()),
                               "Copy the directory too; or, where another process runs the projection: "
                               "PROJECT=none.");
}

projection_roles roles_of(const events::projection_definition& which, const configuration& settings) {
    return roles_of(which, is_shipped(which), settings);
}

definition_list projections_with_queries(const configuration& settings) {
    auto all = all_projections(settings);
    must_have_those_of_the_apis(all, settings);
    if (settings.projections.choice == projection_choice::named)
        (void)named_projections(all, settings.projections.names, {}); // each of them is there
    std::erase_if(all, [&settings](const auto& each) { return !roles_of(each, settings).answers; });
    // Where two have one route, that of an API counts.
    std::ranges::stable_partition(
        all, [&settings](const auto& each) { return roles_of(each, settings).is_of_the_apis; });
    return all;
}

std::string shipped_projections_problem() {
    if (events::shipped_projections())
        return {};
    return "the projections that come with the program are not there: share/event-archiver/projections must"
           " stand beside the directory of the program, as bin/event-archiver";
}

definition_list projections_to_serve(definition_list there, const configuration& settings) {
    const auto& wanted = settings.projections;
    if (wanted.choice == projection_choice::none || wanted.choice == projection_choice::named)
        return projections_to_run(std::move(there), wanted);
    must_have_those_of_the_apis(there, settings);
    std::erase_if(there, [&settings](const auto& each) { return !roles_of(each, settings).runs_here; });
    return there;
}

definition_list runnable_projections(definition_list all, broken_directories broken, async::log& log) {
    std::erase_if(all, [broken, &log](const events::projection_definition& each) {
        if (each.mistake.empty())
            return false;
        const bool waits = broken == broken_directories::wait && each.is_configured;
        const auto directory = each.directory.string();
        const auto hint =
            waits ? fmt::format("Fix the file, then `event-archiver projections resume {}`.", each.name)
                  : std::string("Fix the file, then restart what runs it.");
        log.error("projection.broken", each.mistake,
                  {{"projection", each.name}, {"directory", directory}, {"hint", hint}});
        return !waits;
    });
    return all;
}

} // namespace app
