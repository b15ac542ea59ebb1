/** @file menu-a.h
 * @brief Declarations generated from menu-a.dbd
 */

#ifndef INC_menu_a_H
#define INC_menu_a_H

#ifndef counterMODE_NUM_CHOICES
/** @brief Enumerated type from menu counterMODE */
typedef enum {
    counterMODE_Up                  /**< @brief State string "Up" */,
    counterMODE_Down                /**< @brief State string "Down * / \"there\"" */
} counterMODE;
/** @brief Number of states defined for menu counterMODE */
#define counterMODE_NUM_CHOICES 2
#endif


#endif /* INC_menu_a_H */
