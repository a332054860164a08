# journeyman_folder(<name> [SUBFOLDERS <dir>...] [EXCLUDE <file>...] [DEPS <folder>...] [LIBS <target>...])
#
# Makes the static library journeyman_<name> from <name>/*.cc and <name>/<dir>/*.cc. DEPS are other
# folders, whose headers this folder may include; LIBS are third-party targets, seen only by its own
# .cc files. A folder without sources becomes an interface library, so its headers can be used.
add_library(journeyman_warnings INTERFACE)
target_compile_options(journeyman_warnings INTERFACE -Wall -Wextra
                       $<$<BOOL:${JOURNEYMAN_WERROR}>:-Werror>)

function(journeyman_folder name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SUBFOLDERS;EXCLUDE;DEPS;LIBS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "journeyman_folder(${name}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  set(target journeyman_${name})
  set(patterns "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  foreach(subfolder IN LISTS arg_SUBFOLDERS)
    list(APPEND patterns "${CMAKE_CURRENT_SOURCE_DIR}/${subfolder}/*.cc")
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  foreach(excluded IN LISTS arg_EXCLUDE)
    list(REMOVE_ITEM sources "${CMAKE_CURRENT_SOURCE_DIR}/${excluded}")
  endforeach()
  list(TRANSFORM arg_DEPS PREPEND journeyman_)

  if(sources)
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}")
    target_link_libraries(${target} PUBLIC ${arg_DEPS} Threads::Threads
                          PRIVATE ${arg_LIBS} $<BUILD_INTERFACE:journeyman_warnings>)
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE "${PROJECT_SOURCE_DIR}")
    target_link_libraries(${target} INTERFACE ${arg_DEPS} Threads::Threads)
  endif()
endfunction()

# journeyman_private_options(<name> DEFINITIONS <...> OPTIONS <...>): flags for one folder's own
# sources; nothing where the folder has none.
function(journeyman_private_options name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEFINITIONS;OPTIONS")
  get_target_property(type journeyman_${name} TYPE)
  if(NOT type STREQUAL "INTERFACE_LIBRARY")
    target_compile_definitions(journeyman_${name} PRIVATE ${arg_DEFINITIONS})
    target_compile_options(journeyman_${name} PRIVATE ${arg_OPTIONS})
  endif()
endfunction()

# journeyman_public_definitions(<name> <definition>...): also seen by the folders that link this one.
function(journeyman_public_definitions name)
  get_target_property(type journeyman_${name} TYPE)
  if(type STREQUAL "INTERFACE_LIBRARY")
    target_compile_definitions(journeyman_${name} INTERFACE ${ARGN})
  else()
    target_compile_definitions(journeyman_${name} PUBLIC ${ARGN})
  endif()
endfunction()
