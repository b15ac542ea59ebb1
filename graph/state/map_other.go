//go:build !linux

package state

var mappedPager = pager{}
