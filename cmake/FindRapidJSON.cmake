# RapidJSON::RapidJSON, headers only, from Debian's rapidjson-dev (whose own package file defines no
# target).
find_path(RapidJSON_INCLUDE_DIR rapidjson/reader.h)
if(RapidJSON_INCLUDE_DIR AND EXISTS "${RapidJSON_INCLUDE_DIR}/rapidjson/rapidjson.h")
  set(RapidJSON_VERSION "")
  foreach(part MAJOR MINOR PATCH)
    file(STRINGS "${RapidJSON_INCLUDE_DIR}/rapidjson/rapidjson.h" version_line
         REGEX "^#define RAPIDJSON_${part}_VERSION ")
    string(REGEX MATCH "[0-9]+$" number "${version_line}")
    list(APPEND RapidJSON_VERSION "${number}")
  endforeach()
  list(JOIN RapidJSON_VERSION "." RapidJSON_VERSION)
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(RapidJSON
  REQUIRED_VARS RapidJSON_INCLUDE_DIR VERSION_VAR RapidJSON_VERSION)
mark_as_advanced(RapidJSON_INCLUDE_DIR)
if(RapidJSON_FOUND AND NOT TARGET RapidJSON::RapidJSON)
  add_library(RapidJSON::RapidJSON INTERFACE IMPORTED)
  set_target_properties(RapidJSON::RapidJSON PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${RapidJSON_INCLUDE_DIR}")
endif()
