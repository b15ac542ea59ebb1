dbLoadRecords("$(telescope_DB)telescope.template", "P=TELESCOPE:,HOUR=30")
