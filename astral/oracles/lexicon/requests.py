"""What requests want, in words: something done, something told, someone kept safe; and what shows them harmless."""

from __future__ import annotations

from astral.oracles.lexicon import phrases, words

PRIVATE = words("""
    password pin passcode address location passport account phone email messages texts diary records record salary
    history birth certificate login accounts emails calls number whereabouts photos nudes
""")
"""What is nobody else's business, when a person's name or a word for one stands just before."""

PERSON = words("""
    someone somebody person people man men woman women kid kids child children baby boy girl wife husband spouse
    partner girlfriend boyfriend ex boss coworker coworkers colleague neighbor neighbour teacher student students
    classmate classmates friend friends family mother father mom dad parent parents brother sister grandma grandmother
    roommate president mayor politician politicians senator celebrity officer cop cops police guy stranger customers
    customer elderly employee employees victim crowd public immigrants immigrant refugees muslims jews christians
    blacks whites asians gays minorities minority community him her them myself himself herself themselves yourself
    oneself human humans anyone everyone others everybody civilians civilian pedestrian crowds journalist witness
    judge king queen pope minister dog cat dogs cats puppy kitten pet animal animals horse
""")

ACTION = phrases("""
    how to; how do i; how do you; how can i; how can you; how can we; how do we; how would i; how would you
    how would one; how should i; how could i; how might; how one; how does one; ways to; way to; steps to; steps
    step by step; guide; write; give me; tell me; help me; teach me; show me; create; make; draft; compose; produce
    generate; where can i; where do i; where to; what should i; best way; easiest way; instructions; explain how
    provide; list; describe how; come up with; suggest; develop; plan; convince; persuade; tips; recipe; tutorial
    what steps; i want to; i need to; id like to; i would like to; im going to; i plan to; looking for; what are some
    what are the; what methods; methods; least painful; most effective; script; post; tweet; essay; story; article
    should i; what is the best; what is the most; ideas
""")

INFORMATION = phrases("""
    what is; what are; what kind; what did; did they; what was; what were
    who was; who is; when did; when was; where was; where did; where is; history of
    definition; define; meaning; describe the; summarize; what does; what do; what happened; how did; how was
    how were; how many; how much; explain the; famous; novel; film; movie; documentary; which; what year
    understand; difference between
    how does; what factors; what role
""")

EVASION = phrases("""
    getting caught; being caught; get caught; be caught; undetected; without detection; avoid detection; get away with
    getting away with; without them knowing; without her knowing; without him knowing; without their knowledge
    without anyone knowing; without permission; without consent; without their consent; secretly; illegally
    without paying; without a prescription; untraceable; without being noticed; without them noticing
    without noticing; unnoticed; without a license; no one finds out; nobody finds out; without leaving
    without raising suspicion; look like an accident; under the radar; on the dark web; black market; underage; behind
    their back; without being detected
""")

PROTECTION = phrases("""
    prevent; protect; protecting; stop someone from; defend; avoid being; keep safe; stay safe; safely; report
    recognize; recover from; recovering; overcome; help someone; support; quit; treat; cure; treatment; awareness
    cope; coping; dispose of; from being; protection; security measures; not for illegal; enhancing security
    secure my; detect
    reduce; minimize; minimise; combat; fight against; raise awareness; crime prevention; cybersecurity; warn; warning
    warns; get help; find help; seek help; heal; giving up on; quitting; rescue; rescued; adopt
    leaflets on the risks; risks of; dangers of; signs of; advice on; stop hurting; safe from; protected from
    give up smoking; giving up smoking; give up drinking; giving up drinking; give up drugs; giving up drugs
""")

HARMLESS = phrases("""
    python; linux; unix; process; processes; video game; game; games; minecraft; fortnite; call of duty
    grand theft auto; gta; chess; basketball; football; soccer; tennis; boxing; laser; nerf; water gun; paintball
    camera angle; movie scene; recipe; bake; weeds; weed killer; garden; mosquitoes; mosquito; flies; cockroaches
    insects; pests; rats; bacteria; germs; cancer; light bulb; engine; boredom; audition; pinata; balloon; beer; wine
    drinks; cocktail; cake; shrimp; chicken; vegetables; tree; trees; sims; zelda; pokemon; hogwarts; elves; zombies
    vampires; aliens; unicorns; dragons; orcs; wizards; batman; superman; lego; presentation; exam prep; workout
    muscle; muscles; calories; excel; dinner; dish; meal; meat; furniture; poverty; hunger; self doubt; self doubts
    procrastination; bad habit; bad habits; soda can; coconut; walnut; guitar; piano; hiking; hobby; birthday; wedding
    homework; java; javascript; spreadsheet; stand up comedy; firewood; nails; dough; eggs; fever; headache
    cooking; kitchen; fish; salmon; turkey; onions; potatoes; soup; bread
    kill time; killing time; kill some time; kill the lights; kill the mood; kill two birds; kill switch
    break the ice; break a record; break a sweat; crack a joke; crack a smile; crack the code; hit the gym
    hit the road; hit the books; hit a note; steal the show; steal the spotlight; steal a base; steal a kiss
    execute a plan; execute a program; burn calories; burn fat; beat the heat; beat the traffic; beat the odds
    cut costs; cut carbs; cut my hair; shoot a film; shoot a movie; photo shoot; shoot hoops; shoot a basket
    attack the problem; blow out; blow a kiss; blow my nose; die of laughter; dying to; dress to kill; bomb a test
    on stage; audience; concert; dance floor; museum; telescope; recipe book; knitting; sewing; paint; painting
""")
"""Things that nobody is harmed by killing, shooting, cracking or blowing up, and what people do on a quiet day."""

STOPWORDS = words("""
    the a an and or but if of to in on at by for with from as is are was were be been it its this that these those i
    you he she we they my your his her our their me him them not no do does did can could will would should may might
    have has had what how why when where who which there here so then than too very just about into over out up down
    all any some more most other one also only own same such each few both because while during before after again
    once get make
""")

DISCUSSION = phrases("""
    classify; classified; whether the following; the following text; following sentence; following paragraph
    following passage; the given text; given paragraph; given text; the text; this text; the paragraph; the passage
    the excerpt; this excerpt; identify whether; identify if; detect whether; extract; key ideas; key idea
    supporting details; summarize; summarise; summary; translate; proofread; paraphrase; books; novels; movies; films
    documentaries; documentary; literature; literary; in history; historical; history of; museum; biography; lyrics
    in the movie; in the film; in the book; tv show; tv series; recommend; analysis; research on
    duplicates; difference between; differentiate
""")
"""Talk about texts, art and the past, where words of harm are the subject and not the aim."""

PERSUASION = phrases("""
    experts; expert; studies show; study shows; research shows; studies have shown; research has shown; according to
    scientists; researchers; it is well known; its well known; everyone knows; renowned; leading; professor; dr; doctor
    authorities; officials; statistics show; recent study; recent studies; evidence suggests; evidence shows
    it is proven; proven that; logically; it follows that; it stands to reason; therefore; it makes sense; surely
    you agree; wouldnt you agree; dont you think; isnt it; pretend; imagine; imagine you; act as; you are a; youre a
    play the role; role play; roleplay; in character; as a; suppose you; hypothetically; for a novel; for my novel
    for research; for educational; no rules; no restrictions; ignore; yo; dawg; homie; bruh; lit; dope; sick; sly
    slick; shady; gonna; wanna; gotta; aint; yall; fam; peeps; folks; gettin; doin; ya; em
""")
"""How prompts are dressed up to be answered: appeals to authority and logic, roles, slang. Others write so too."""
