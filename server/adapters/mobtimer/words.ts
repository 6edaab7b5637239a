// The words of suggested room names: lower-case letters, easy to say in a call, and not insulting.

const list = (words: string): readonly string[] => words.trim().split(/\s+/);

export const adjectives = list(`
  agile amber apt brave breezy bright brisk calm candid cheery civil clever cosmic cozy crisp curious daring deft
  eager early earnest fair fearless fond frank fresh gentle glad golden graceful happy hardy hearty honest humble jolly
  keen kind lively loyal lucid lucky mellow merry mild modest neat nimble noble open patient placid playful plucky polite
  prompt proud quick quiet ready robust serene sharp silver sincere smart snug spry steady sunny swift tidy upbeat
  vivid warm wise witty zesty
`);

export const animals = list(`
  albatross alpaca antelope avocet badger beaver bison bluebird bobcat bullfinch bumblebee butterfly camel capybara caribou
  chameleon cheetah chinchilla chipmunk cicada cockatoo condor coral cormorant coyote crane cricket curlew dolphin donkey
  dormouse dove dragonfly duck eagle echidna egret elephant elk ermine falcon ferret finch firefly flamingo fox gazelle
  gecko gibbon giraffe goldfinch goose gopher grasshopper grouse gull hamster hare hawk hedgehog heron hippo hoopoe hornbill
  horse hummingbird ibex ibis iguana impala jackdaw jaguar jay kestrel kingfisher kiwi koala ladybird lark lemur leopard
  linnet lion lizard llama lynx macaw magpie manatee marmot marten meerkat mockingbird moose moth narwhal newt nightingale
  nuthatch octopus okapi opossum oriole orca osprey ostrich otter owl panda panther parrot partridge peacock pelican penguin
  pheasant pigeon plover pony porcupine porpoise puffin quail quokka rabbit raccoon raven reindeer robin salamander
  sandpiper seahorse seal shrew skylark sloth sparrow squid squirrel starfish starling stork swallow swan tapir tern
  thrush tiger tortoise toucan turtle vole wallaby walrus warbler weasel whale wildcat wolf wombat woodpecker wren yak zebra
`);
