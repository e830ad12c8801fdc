import { build, installPackages } from './prepare.js'

installPackages()
build()
